// SPDX-License-Identifier: Apache-2.0

package main

// largest finds the largest number for which something holds, large ones to a
// twentieth. After one that holds it tries only larger ones, and none twice.
func largest(holds func(int) (bool, error)) (int, error) {
	low, high := 0, 0 // low holds; high does not, or is not known
	for try := 1; high == 0 || high-low > 1+low/20; {
		yes, err := holds(try)
		if err != nil {
			return 0, err
		}
		if yes {
			low = try
		} else {
			high = try
		}
		if high == 0 {
			try = 2 * low
		} else {
			try = (low + high) / 2
		}
	}
	return low, nil
}

type point struct{ x, y float64 }

// line is the straight line with the least squares of distances in y.
func line(points []point) (base, slope float64) {
	var n, x, y, xx, xy float64
	for _, p := range points {
		n, x, y, xx, xy = n+1, x+p.x, y+p.y, xx+p.x*p.x, xy+p.x*p.y
	}
	slope = (n*xy - x*y) / (n*xx - x*x)
	return (y - slope*x) / n, slope
}
