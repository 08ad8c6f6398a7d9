# The token requests of a large cluster; data: the folder of herd.c's curves.
set terminal svg size 800,480 font "sans,13" background "white"
set title "5,000 nodes x 3 credentials of an hour, all started at once"
set xlabel "hours"
set ylabel "token requests in 10 s"
set logscale y
set yrange [1:*]
set xrange [0:24]
file = data . "/herd"
plot file using 1:4 every 30 with points pt 7 ps 0.2 lc rgb "#999999" title "10% of jitter alone", \
     file using 1:3 every 30 with points pt 7 ps 0.2 lc rgb "#cc6600" title "API server away from 12 h to 13 h", \
     file using 1:2 every 30 with points pt 7 ps 0.2 lc rgb "#0055aa" title "calm"
