#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What the credentials cost: the requests of a large cluster's nodes over a day
# (hack/bench/herd.c). The numbers are in build/herd.json, a plot beside it.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=hack/lib.sh
. hack/lib.sh

plot() {
  command -v gnuplot >/dev/null || { say "no gnuplot: no plot" && return; }
  gnuplot <<PLOT
set terminal pngcairo size 1000,600
set output "$O/herd.png"
set title "5,000 nodes x 3 credentials of an hour, all started at once"
set xlabel "hours"
set ylabel "token requests in 10 s"
set logscale y
set yrange [1:*]
set xrange [0:24]
plot "$O/herd.dat" using 1:4 with points pt 7 ps 0.2 title "10% of jitter alone", \
     "" using 1:3 with points pt 7 ps 0.2 title "API server away from 12 h to 13 h", \
     "" using 1:2 with points pt 7 ps 0.2 title "calm"
PLOT
  say "plot: $O/herd.png"
}

main() {
  "$O/herd" "$O/herd.dat" >"$O/herd.json"
  cat "$O/herd.json"
  plot
}

main
