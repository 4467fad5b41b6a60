package asked

import (
	"math"
	"strconv"
	"strings"
)

// maxNumbers bounds how many numbers of one text are remembered.
const maxNumbers = 256

var numberWords = map[string]float64{
	"zero": 0, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10, "eleven": 11, "twelve": 12, "thirteen": 13, "fourteen": 14,
	"fifteen": 15, "sixteen": 16, "seventeen": 17, "eighteen": 18, "nineteen": 19, "twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90,
	"first": 1, "second": 2, "third": 3, "fourth": 4, "fifth": 5, "dozen": 12, "once": 1, "twice": 2, "single": 1, "couple": 2, "pair": 2,
}

var scales = map[string]float64{"hundred": 100, "thousand": 1e3, "k": 1e3, "million": 1e6, "m": 1e6, "billion": 1e9}

// numbersIn lists the numbers of a text, in digits ("1,000", "$850.00", "1.234,50", "10k") and in words.
func numbersIn(s *source) []float64 {
	list := digitNumbers(s.folded)
	total, current, open := 0.0, 0.0, false
	flush := func() {
		if open && len(list) < maxNumbers {
			list = append(list, total+current)
		}
		total, current, open = 0, 0, false
	}
	for i := range s.tokens {
		w := s.tokens[i].text
		if len(w) > 9 || w[0] <= '9' {
			flush()
			continue
		}
		switch v, ok := numberWords[w]; {
		case ok:
			current, open = current+v, true
		case open && scales[w] >= 1e3:
			total, current = total+max(current, 1)*scales[w], 0
		case open && scales[w] == 100:
			current = max(current, 1) * 100
		case open && w == "and":
		default:
			flush()
		}
	}
	flush()
	return list
}

// digitNumbers reads the numbers that are written in digits; one with separators may mean two.
func digitNumbers(text string) []float64 {
	var list []float64
	for i := 0; i < len(text) && len(list) < maxNumbers; {
		if text[i] < '0' || text[i] > '9' {
			i++
			continue
		}
		end := i
		for end < len(text) && (isDigit(text[end]) || (text[end] == ',' || text[end] == '.') && end+1 < len(text) && isDigit(text[end+1])) {
			end++
		}
		if i == 0 || !isLetterByte(text[i-1]) {
			list = appendReadings(list, text[i:end], text[end:])
		}
		i = end + 1
	}
	return list
}

func appendReadings(list []float64, digits, after string) []float64 {
	if len(digits) > 32 {
		return list
	}
	factor := 1.0
	if len(after) > 0 && (after[0] == 'k' || after[0] == 'm') && (len(after) == 1 || !isLetterByte(after[1])) {
		factor = scales[after[:1]]
	} else if word, _, _ := strings.Cut(strings.TrimPrefix(after, " "), " "); scales[word] > 1 {
		factor = scales[word]
	}
	if v, err := strconv.ParseFloat(strings.ReplaceAll(digits, ",", ""), 64); err == nil {
		list = append(list, v*factor)
	}
	if strings.ContainsAny(digits, ",.") {
		german := strings.Replace(strings.ReplaceAll(digits, ".", ""), ",", ".", 1)
		if v, err := strconv.ParseFloat(german, 64); err == nil {
			list = append(list, v*factor)
		}
	}
	return list
}

func isDigit(c byte) bool      { return c >= '0' && c <= '9' }
func isLetterByte(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }

func (s *source) hasNumber(v float64) bool {
	for _, n := range s.numbers {
		if n == v || math.Abs(n-math.Abs(v)) < 1e-9*math.Abs(v) {
			return true
		}
	}
	return false
}

//nolint:misspell // months of other languages
var months = map[string]int{
	"january": 1, "february": 2, "march": 3, "april": 4, "may": 5, "june": 6, "july": 7, "august": 8, "september": 9, "october": 10, "november": 11, "december": 12,
	"jan": 1, "feb": 2, "mar": 3, "apr": 4, "jun": 6, "jul": 7, "aug": 8, "sep": 9, "sept": 9, "oct": 10, "nov": 11, "dec": 12,
	"januar": 1, "februar": 2, "marz": 3, "mai": 5, "juni": 6, "juli": 7, "oktober": 10, "dezember": 12, "enero": 1, "febrero": 2, "marzo": 3, "abril": 4, "mayo": 5, "junio": 6, "julio": 7,
	"agosto": 8, "septiembre": 9, "octubre": 10, "noviembre": 11, "diciembre": 12, "janvier": 1, "fevrier": 2, "mars": 3, "avril": 4, "juin": 6, "juillet": 7, "aout": 8, "septembre": 9, "octobre": 10, "novembre": 11, "decembre": 12,
}

// dayIn reads "2024-03-01" with or without a time behind it; the year may stand last.
func dayIn(s string) (month, day int, ok bool) {
	if len(s) < 8 || len(s) > 40 || !isDigit(s[0]) {
		return
	}
	s, _, _ = strings.Cut(s, "t")
	s, _, _ = strings.Cut(s, " ")
	parts := strings.FieldsFunc(s, func(r rune) bool { return r == '-' || r == '/' || r == '.' })
	if len(parts) != 3 {
		return
	}
	var n [3]int
	for i, p := range parts {
		v, err := strconv.Atoi(p)
		if err != nil {
			return
		}
		n[i] = v
	}
	if n[0] < 1000 {
		n[0], n[2] = n[2], n[0]
		if n[1] > 12 {
			n[1], n[2] = n[2], n[1]
		}
	}
	return n[1], n[2], n[0] >= 1000 && n[1] >= 1 && n[1] <= 12 && n[2] >= 1 && n[2] <= 31
}

// hasDate says that the text names that day, as "March 1", "first of March", "1st March" or in figures.
func (s *source) hasDate(month, day int) bool {
	for i := range s.tokens {
		if months[s.tokens[i].text] != month {
			continue
		}
		for j := max(0, i-4); j < min(len(s.tokens), i+4); j++ {
			if dayOf(s.tokens[j].text) == day {
				return true
			}
		}
	}
	return false
}

func dayOf(w string) int {
	if v, ok := numberWords[w]; ok {
		return int(v)
	}
	end := 0
	for end < len(w) && isDigit(w[end]) {
		end++
	}
	if end == 0 || end > 2 {
		return -1
	}
	v, _ := strconv.Atoi(w[:end])
	return v
}
