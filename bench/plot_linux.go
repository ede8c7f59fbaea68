package main

import (
	"image/color"
	"math"
	"path/filepath"
	"strconv"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/plotutil"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// folder is where the document's pictures are.
var folder = filepath.Dir(document)

// line is a maker's values, one for each depth.
type line struct {
	name   string
	values []float64
}

// drawKernel draws what an allow by an argument costs under more and more of
// the same filter.
func drawKernel(lines []line) error {
	p := plot.New()
	p.Title.Text = "An allow by an argument, under Docker's default, stacked"
	p.X.Label.Text = "filters"
	p.Y.Label.Text = "cost, ratio to no filter (logarithmic)"
	p.Y.Scale, p.Y.Tick.Marker = plot.LogScale{}, ratioTicks([]float64{1, 1.5, 2, 3, 5, 10, 20, 30})
	p.X.Tick.Marker = plot.ConstantTicks{{Value: 1, Label: "1"}, {Value: 2, Label: "2"}, {Value: 4, Label: "4"}, {Value: 8, Label: "8"}}
	p.Legend.Top, p.Legend.Left = true, true
	for i, l := range lines {
		var points plotter.XYs
		for j, v := range l.values {
			points = append(points, plotter.XY{X: float64(depths[j]), Y: v})
		}
		drawn, dots, err := plotter.NewLinePoints(points)
		if err != nil {
			return err
		}
		drawn.Color, dots.Color, dots.Shape = plotutil.Color(i), plotutil.Color(i), draw.CircleGlyph{}
		drawn.Width, dots.Radius = vg.Points(1.5), vg.Points(2.5)
		p.Add(drawn, dots)
		p.Legend.Add(l.name, drawn)
	}
	p.Add(plotter.NewGrid())
	p.Y.Min = 1
	p.Title.Padding = vg.Points(6)
	return p.Save(7*vg.Inch, 4*vg.Inch, filepath.Join(folder, "performance-kernel.svg"))
}

// ratioTicks marks some values.
func ratioTicks(values []float64) plot.ConstantTicks {
	var ticks plot.ConstantTicks
	for _, v := range values {
		label := strconv.FormatFloat(v, 'g', -1, 64)
		ticks = append(ticks, plot.Tick{Value: v, Label: label})
	}
	return ticks
}

// logTicks marks some values of an axis of their logarithms: a bar begins at 0,
// of which a logarithmic axis has none.
func logTicks(values ...float64) plot.ConstantTicks {
	ticks := ratioTicks(values)
	for i := range ticks {
		ticks[i].Value = math.Log10(ticks[i].Value)
	}
	return ticks
}

// stepMakers are those whose bars are drawn.
var stepMakers = []string{"narrow", "gVisor", "libseccomp, tree", "libseccomp", "elastic"}

// drawSteps draws the mean steps of each workload, a bar for each maker.
func drawSteps(entries []entry) error {
	var names []string
	values := map[string]map[string]float64{}
	for i := range entries {
		e := &entries[i]
		if values[e.workload.name] == nil {
			values[e.workload.name] = map[string]float64{}
			names = append(names, e.workload.name)
		}
		values[e.workload.name][e.maker] = e.uniform()
	}
	p := plot.New()
	p.Title.Text = "Steps that a call takes through a filter of the same rules, mean"
	p.Y.Label.Text = "instructions run (logarithmic)"
	p.Y.Tick.Marker = logTicks(1, 2, 5, 10, 20, 50, 100, 200)
	p.Legend.Top = true
	width := vg.Points(11)
	for i, maker := range stepMakers {
		bars := plotter.Values{}
		for _, name := range names {
			bars = append(bars, math.Log10(max(values[name][maker], 1)))
		}
		b, err := plotter.NewBarChart(bars, width)
		if err != nil {
			return err
		}
		b.Color, b.LineStyle.Width = plotutil.Color(i), 0
		b.Offset = width * vg.Length(2*i-len(stepMakers)+1) / 2
		p.Add(b)
		p.Legend.Add(maker, b)
	}
	grid := plotter.NewGrid()
	grid.Vertical.Color = color.Transparent
	p.Add(grid)
	p.NominalX(names...)
	p.X.Min, p.X.Max = -0.5, float64(len(names))-0.5
	p.Title.Padding = vg.Points(6)
	p.Y.Min, p.Y.Max = 0, 3.1 // the legend needs room
	return p.Save(9*vg.Inch, 4*vg.Inch, filepath.Join(folder, "performance-steps.svg"))
}
