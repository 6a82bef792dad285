# The help texts, of the program and of each verb, in full.
boxwright --help && boxwright help | head -1 && boxwright
echo "exit $?"
for verb in annotate build convert bench eval inspect doctor select merge; do
    echo "=== $verb"
    boxwright $verb --help
    boxwright help $verb | cmp - /dev/null 2>/dev/null && echo "help $verb prints nothing"
done
boxwright --version | sed 's/[0-9][0-9]*/N/g'
