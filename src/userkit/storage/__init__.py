"""The storage port: three verbs, what they take, and what backends share to fulfil them."""
