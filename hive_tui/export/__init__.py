"""What a recording becomes for other programs and other people: one module a format, each streams."""
