"""Security notices: owners are told, and mailboxes are not filled."""
