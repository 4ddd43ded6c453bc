"""Uses of codes: validated, counted once and given back. What a discount is worth is the shop's to say."""
