"""Sans-I/O codecs: what each wire says, at both of its ends."""
