package dockerfile

import "testing"

func TestPositionIn(t *testing.T) {
	src := "\xEF\xBB\xBFFROM a\nRUN echo ü😀x\r\n"
	d, err := Parse("Dockerfile", []byte(src))
	if err != nil {
		t.Fatal(err)
	}
	x := len(src) - 3
	for _, tt := range []struct {
		name   string
		unit   Unit
		offset int
		want   Position
	}{
		{"after a byte order mark", UTF16, 3, Position{1, 1}},
		{"on it", CodePoints, 0, Position{1, 1}},
		{"bytes", Bytes, x, Position{2, 16}},
		{"characters", CodePoints, x, Position{2, 12}},
		{"UTF-16", UTF16, x, Position{2, 13}},
		{"the end", UTF16, len(src), Position{3, 1}},
	} {
		if got := d.PositionIn(tt.unit, tt.offset); got != tt.want {
			t.Errorf("%s: %+v, want %+v", tt.name, got, tt.want)
		}
	}
	if p := Plain("compose.yaml", []byte("a:\n  b\n")).PositionIn(Bytes, 5); p != (Position{2, 3}) {
		t.Errorf("plain text: %+v", p)
	}
}
