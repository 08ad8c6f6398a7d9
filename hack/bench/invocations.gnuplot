# The wall time of one invocation by the host's mounts; data: the folder of the
# table that summary.c writes.
set terminal svg size 800,480 font "sans,13" background "white"
set title "One invocation of a CNI reference plugin: median, quartiles"
set xlabel "mounts on the host"
set ylabel "milliseconds"
set logscale xy
set xrange [80:25000]
set key left top
set grid ytics
row(name) = sprintf("<awk '$2 == 1 && $3 == \"%s\" && $4 == \"wall_us\"' %s/table", name, data)
plot row("unshare") using 1:($7/1000):($6/1000):($8/1000) with yerrorlines lc rgb "#999999" title "unshare(1) and mount(8)", \
     row("bwrap") using 1:($7/1000):($6/1000):($8/1000) with yerrorlines lc rgb "#cc6600" title "bubblewrap", \
     row("rule") using 1:($7/1000):($6/1000):($8/1000) with yerrorlines lc rgb "#66aadd" title "multus-delegate-exec, by a rule", \
     row("directory") using 1:($7/1000):($6/1000):($8/1000) with yerrorlines lc rgb "#0055aa" title "multus-delegate-exec, --directory", \
     row("copy") using 1:($7/1000):($6/1000):($8/1000) with yerrorlines lc rgb "#33aa33" title "chroot, exec and a copy of the namespace", \
     row("plain") using 1:($7/1000):($6/1000):($8/1000) with yerrorlines lc rgb "#000000" title "chroot and exec alone"
