package legacy

func isLetter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }
