"""Read everything your customers wrote with small models you own."""
