"""What pages say about rows: words, tones and links, so that templates only place them."""
