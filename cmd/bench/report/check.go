package report

import "fmt"

// Check is a bound that a measurement should keep.
type Check struct {
	What   string
	Got    float64
	Bound  float64
	AtMost bool   // the bound is an upper one
	Verb   string // of a number with its unit: "%.2fx"
}

// Met reports whether the bound was kept. What is no number keeps none.
func (c Check) Met() bool {
	if c.AtMost {
		return c.Got <= c.Bound
	}
	return c.Got >= c.Bound
}

// Verdict is "0.87x, target 0.90x: MISSED".
func (c Check) Verdict() string {
	verdict, least := "met", ""
	if !c.Met() {
		verdict = "MISSED"
	}
	if c.AtMost {
		least = "at most "
	}
	return fmt.Sprintf(c.Verb+", target %s"+c.Verb+": %s", c.Got, least, c.Bound, verdict)
}
