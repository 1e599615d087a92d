package web

import "math"

// maxTicks is how many lines a scale has at most.
const maxTicks = 6

// scale maps values to heights, 0 at the bottom and 1 at the top.
type scale struct {
	low, high float64 // for a logarithmic scale, the exponents of ten
	log       bool
	ticks     []float64 // rising values
}

// at returns the height of a value; those outside stand at the edge.
func (s scale) at(value float64) float64 {
	if s.log {
		value = math.Log10(value)
	}
	return min(1, max(0, (value-s.low)/(s.high-s.low)))
}

// linearScale reaches from 0 to a round number at or above most. Where all
// values are whole, so are the ticks.
func linearScale(most float64, whole bool) scale {
	step := roundStep(most / (maxTicks - 1))
	if whole {
		step = max(1, step)
	}
	s := scale{high: max(step, step*math.Ceil(most/step-1e-9))}
	for i := 0; float64(i)*step <= s.high*(1+1e-9); i++ {
		s.ticks = append(s.ticks, float64(i)*step)
	}
	return s
}

// roundStep returns the next of 1, 2 and 5 times a power of ten, at or above least.
func roundStep(least float64) float64 {
	if least <= 0 {
		return 1
	}
	unit := math.Pow(10, math.Floor(math.Log10(least)))
	for _, times := range []float64{1, 2, 5} {
		if times*unit >= least*(1-1e-9) {
			return times * unit
		}
	}
	return 10 * unit
}

// logScale reaches over whole powers of ten around the values, both above 0.
func logScale(least, most float64) scale {
	s := scale{log: true, low: math.Floor(math.Log10(least) + 1e-9), high: math.Ceil(math.Log10(most) - 1e-9)}
	if s.low == s.high {
		s.low--
	}
	step := math.Ceil((s.high - s.low) / (maxTicks - 1))
	s.low = s.high - step*math.Ceil((s.high-s.low)/step)
	for exponent := s.low; exponent <= s.high; exponent += step {
		s.ticks = append(s.ticks, math.Pow(10, exponent))
	}
	return s
}

// scaleOf finds the scale that holds all figures of a chart and its mark.
func scaleOf(c Chart) scale {
	least, most, whole := math.Inf(1), 0.0, true
	look := func(value float64) {
		if math.IsNaN(value) || c.Log && value <= 0 {
			return
		}
		least, most = min(least, value), max(most, value)
		whole = whole && value == math.Trunc(value)
	}
	for i := range c.Categories {
		sum := 0.0
		for _, s := range c.Series {
			value := s.at(i)
			look(value)
			if value > 0 {
				sum += value
			}
		}
		if c.Kind == ChartBars {
			look(sum)
		}
	}
	if c.Mark.Label != "" {
		look(c.Mark.Value)
	}
	if c.Log {
		if most == 0 {
			return logScale(1, 1)
		}
		return logScale(least, most)
	}
	return linearScale(most, whole)
}

// at returns the figure of a category, NaN where there is none.
func (s ChartSeries) at(category int) float64 {
	if category >= len(s.Values) {
		return math.NaN()
	}
	return s.Values[category]
}
