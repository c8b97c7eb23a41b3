"""What opinions are about: the universal categories, as data, with the sentence that defines each.

A reader that was taught categories answers one of these codes for every opinion, whether the thing is named or not.
A taxonomy of one's own is a mapping over them (docs/taxonomy.md). docs/marking.md says how opinions were marked.
"""

from __future__ import annotations

from typing import Literal

Kind = Literal["evaluation", "fact", "wish"]
KINDS: tuple[Kind, ...] = ("evaluation", "fact", "wish")
STRENGTHS = (-2, -1, 0, 1, 2)  # very negative, negative, neutral or mixed, positive, very positive

# Code -> (name in a report, definition). The order is the order of a reader's outputs.
CATEGORIES: dict[str, tuple[str, str]] = {
    "overall": (
        "Overall impression",
        "the product, shop, service or place as a whole; would buy, recommend or come again",
    ),
    "quality": ("Quality", "how well it is made, what it is made of, whether it lasts or breaks"),
    "function": ("Function", "whether it does its job and how well: performance, features, results"),
    "sound": ("Sound", "sound, volume, microphone, noise that the device makes"),
    "display": ("Picture", "screen, camera picture, print, light"),
    "battery": ("Battery and power", "battery, charging, power supply"),
    "design": ("Design", "looks, colour, style"),
    "comfort": ("Comfort", "how it feels in use, on the body or in the hand"),
    "size": ("Size and fit", "size, weight, capacity, whether it fits the body, the place or the device"),
    "usability": ("Ease of use", "set-up, assembly, controls, instructions, interface, cleaning it"),
    "compatibility": ("Compatibility", "works with other things; connections and pairing"),
    "content": ("Content", "story, writing, lessons, information, pictures or play of a book, film, course or game"),
    "food": ("Food and drink", "taste, freshness, portions, menu"),
    "scent": ("Scent", "smell and fragrance"),
    "safety": ("Safety and health", "safety, health, skin, allergies, effects on people and animals"),
    "suitability": (
        "Suitability",
        "for whom or for what purpose it is right: children, pets, gifts; whether they like it",
    ),
    "price": ("Price and value", "price, value for money, the level of fees"),
    "delivery": ("Delivery", "shipping, its speed, the courier"),
    "condition": ("Condition on arrival", "state, packaging, missing or wrong parts, as described or not"),
    "service": ("Staff and support", "staff, seller and support: friendliness, competence, whether they react"),
    "returns": ("Returns and refunds", "refund, return, warranty, replacement, cancellation, compensation"),
    "waiting": ("Waiting times", "queues, delays, punctuality, slowness of service"),
    "location": ("Location", "neighbourhood, views, access, what is near"),
    "rooms": ("Rooms and seats", "rooms, beds, bathrooms, seats as part of a place"),
    "facilities": ("Facilities", "pool, gym, wifi, parking and other amenities of a place"),
    "cleanliness": ("Cleanliness", "clean or dirty"),
    "ambience": ("Atmosphere", "atmosphere, decoration, crowd, noise of the place"),
    "stability": ("Stability", "crashes, bugs, errors, outages; software or networks that stop working"),
    "account": ("Account and login", "login, verification, orders and entries in an account"),
    "billing": ("Billing and payment", "charges, payments, invoices, subscriptions"),
    "privacy": ("Privacy and advertising", "personal data, spam, security, advertisements"),
    "updates": ("Changes over time", "what changed with a version or over time"),
    "availability": ("Availability", "stock, choice, opening hours, coverage, signal"),
    "communication": ("Communication", "information, honesty, answers, transparency"),
    "other": ("Other", "none of the others"),
}
CODES = tuple(CATEGORIES)
