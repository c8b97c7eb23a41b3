"""The benchmark of fine-grained sentiment analysis: public sets, strict tuple F1, the systems that can be compared."""
