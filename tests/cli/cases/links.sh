# Symbolic links are followed; loops end; a run's own drawn pictures are not annotated again.
mkdir -p photos/real/deep
pictures good photos/real/a.jpg photos/real/deep/b.jpg
ln -s .. photos/real/up
ln -s real photos/again
ln -s real photos/once-more
ln -s a.jpg photos/real/linked.jpg
ln -s self photos/self
mkdir photos/x photos/y
ln -s ../y photos/x/y
ln -s ../x photos/y/x
boxwright annotate photos --out photos/run $tiny --conf 0.999 --quiet --draw
echo "exit $?"
query photos/run 'SELECT name FROM items'
boxwright annotate photos --out second $tiny --conf 0.999 --quiet
query second 'SELECT count(*) FROM items'
