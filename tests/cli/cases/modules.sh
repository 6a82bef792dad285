# A program without its modules says what is missing where it needs it, and does all else.
mkdir bin
cp "$BW_PROGRAM" bin/boxwright
pictures good good.png
echo "a video" >clip.mp4
alone() { bin/boxwright "$@" 2>&1 | sed "s|$PWD|HERE|"; }
alone annotate good.png clip.mp4 --out run $tiny --quiet
query run 'SELECT number, path FROM items'
query run 'SELECT item, message FROM errors' | sed "s|$PWD|HERE|"
alone annotate s3://bucket/photos/ --out listed $tiny --quiet
alone doctor $tiny | grep -E 'FFmpeg|libcurl'
echo "--- a module that is none"
echo "no library" >bin/boxwright-video.so
alone doctor $tiny | grep FFmpeg
