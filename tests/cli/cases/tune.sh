# Tuning: known timings give the same plan to the byte; what is damaged is passed over; options.
build() { boxwright build $tiny --threads 2 --batch 2 "$@" 2>&1; }
build --timing-cache times -o a.bwp | sed -n 's/.*\(sharing\)=[a-z]* \(tuned=.*\)/\1 \2/p'
head -1 times
cp times before
build --timing-cache times -o b.bwp --seed 7 --tune-time 1 >/dev/null
cmp a.bwp b.bwp && cmp times before && echo "the same plan, nothing measured"
sed -i '2s/.*/damaged/' times
build --timing-cache times -o c.bwp >d.txt && grep damaged d.txt
build --no-tune -o e.bwp | sed -n 's/.*\(tuned=.*\)/\1/p'
build --mode latency --no-tune -o f.bwp | sed -n 's/.*\(sharing=.*\)/\1/p'
echo "diary" >mine
build --timing-cache mine -o g.bwp
echo "exit $? $(cat mine)"
build --mode both -o g.bwp | head -1
build --tune-time 0 -o g.bwp | head -1
echo "--- precision"
build --no-tune --precision best --cpu avx2 -o h.bwp | grep -c '^Steps *[0-9]* in fp32'
build --no-tune --precision best --calib noise -o i.bwp | grep -c '^Steps *[0-9]* in '
build --no-tune --precision best --cpu avx2 -o h.bwp | sed -n 's/.*\(best_of=\)/\1/p'
echo "--- inspect"
boxwright inspect $tiny --time --threads 2 | grep -A3 '^ Step' | sed 's/[0-9][0-9.]*/N/g; s/  */ /g; s/conv[a-z]*_[a-zN_]* /KERNEL /'
boxwright inspect $tiny --graph --cpu generic | sed -n '/As loaded/,$p'
boxwright inspect --model a.bwp --graph >/dev/null 2>out || cat out
ls
