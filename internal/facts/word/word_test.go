package word

import "testing"

func TestWords(t *testing.T) {
	t.Parallel()
	set := Set(" a b\n\tc ")
	if len(set) != 3 || !Any([]string{"x", "b"}, set) || Any([]string{"x", ""}, set) || Any(nil, set) {
		t.Errorf("set %v", set)
	}
	if !Has([]string{"a", "b"}, "x", "b") || Has([]string{"a"}) || Has(nil, "a") {
		t.Error("Has is wrong")
	}
	if list := Once(Once([]string{"a"}, "a"), "b"); len(list) != 2 {
		t.Errorf("list %v", list)
	}
}
