# Completion of boxwright for bash.

_boxwright_models() {
    local folder cfg
    for folder in "${BOXWRIGHT_MODELS:-}" "${XDG_DATA_HOME:-$HOME/.local/share}/boxwright/models" \
        /usr/share/boxwright/models /usr/local/share/boxwright/models; do
        [ -n "$folder" ] || continue
        for cfg in "$folder"/*.cfg "$folder"/*/*.cfg; do
            [ -f "$cfg" ] && basename "$cfg" .cfg
        done
    done
}

# Completes with the given words, or with file names that end in a suffix.
_boxwright_words() { mapfile -t COMPREPLY < <(compgen -W "$1" -- "$current"); }

_boxwright_files() {
    local suffix=${1:-}
    compopt -o filenames 2>/dev/null
    mapfile -t COMPREPLY < <(compgen -d -- "$current"; compgen -f -X "!*$suffix" -- "$current")
}

_boxwright_value() { # the value of option $1; fails where it takes none
    case $1 in
    --model)
        _boxwright_files .cfg
        mapfile -t -O ${#COMPREPLY[@]} COMPREPLY < <(
            compgen -W "$(_boxwright_models)" -- "$current"
            compgen -f -X "!*.bwp" -- "$current"
        )
        ;;
    --weights) _boxwright_files .weights ;;
    --names) _boxwright_files .names ;;
    --json | --export-profile) _boxwright_files .json ;;
    --output | -o)
        if [ "${COMP_WORDS[1]}" = export ]; then
            compopt -o filenames 2>/dev/null
            mapfile -t COMPREPLY < <(compgen -d -- "$current")
            return
        fi
        _boxwright_files "$([ "${COMP_WORDS[1]}" = convert ] && echo .onnx || echo .bwp)"
        ;;
    --to | --from)
        if [ "${COMP_WORDS[1]}" = convert ]; then
            _boxwright_words "onnx"
        else
            _boxwright_words "$formats"
        fi
        ;;
    --opset) _boxwright_words "13 17 21" ;;
    --timing-cache) _boxwright_files ;;
    --mode) _boxwright_words "throughput latency" ;;
    --csv) _boxwright_files .csv ;;
    --truth) _boxwright_files ;;
    --precision) _boxwright_words "fp32 bf16 int8 best" ;;
    --out | --images | --calib) compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -d -- "$current") ;;
    --format) _boxwright_words "$formats yolo,coco" ;;
    --nms) _boxwright_words "auto greedy diou" ;;
    --share-weights) _boxwright_words "none 4 5 6 7 8 auto" ;;
    --resize) _boxwright_words "auto letterbox stretch corner" ;;
    --prefer) _boxwright_words "none first last" ;;
    --exif) _boxwright_words "apply ignore" ;;
    --cpu) _boxwright_words "generic avx2 avx512 vnni bf16 amx all" ;;
    --size) _boxwright_words "320 416 608" ;;
    --sweep) _boxwright_words "batch=1,2,4,8,16,32 threads=1,2,4 streams=1,2" ;;
    --padding | --net-timeout | --net-retries | --budget | --classes | --gate | --max-drop | --calib-images | --conf | --iou | --max-det | --threads | --streams | --batch | --duration | \
        --tune-time | --seed | --warmup | --percentile | --price-per-hour | --watts | --min-conf | --image-url | --track-iou | --track-age | --track-hits) ;;
    *) return 1 ;;
    esac
}

_boxwright() {
    local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}
    local network="--model --weights --names --size"
    local precision="--precision --calib --calib-images"
    local accuracy="--max-drop --no-gate"
    local machine="--threads --streams --batch --cpu"
    local formats="yolo coco coco-dataset voc kitti cvat cvat-video label-studio x-anylabeling
        darknet jsonl csv"
    local tracks="--track --track-iou --track-age --track-hits"
    local options
    COMPREPLY=()
    if [ "$COMP_CWORD" = 1 ]; then
        _boxwright_words "annotate merge export convert-labels select build convert bench eval inspect doctor --help --version"
        return
    fi
    case ${COMP_WORDS[1]} in
    annotate)
        options="$network $machine $precision $accuracy --no-cache --out --format --conf --iou --nms --agnostic --max-det
            --classes --resize --padding --exif --fast-decode --list --net-timeout --net-retries --every --fps --start --end --null --save-conf --draw --no-report $tracks
            --log --metrics --quiet --redo --overwrite --shard"
        ;;
    export)
        options="--format --output --min-conf --save-conf --link-images --image-url $tracks"
        ;;
    merge) options="--prefer --partial --renumber --no-report --overwrite --quiet" ;;
    select) options="--budget --out --null --threads" ;;
    convert-labels)
        options="--from --names --images --to --save-conf --link-images --image-url $tracks"
        ;;
    build)
        options="$network $machine $precision $accuracy --ranges --save-ranges --output --share-weights --prune --no-tune --mode --timing-cache
            --tune-time --seed"
        ;;
    convert)
        options="$network --to --output --opset --dynamic-batch --raw --with-nms --conf --iou --max-det
            --int8-qdq --symmetric --calib --calib-images --ranges --save-ranges $accuracy --threads"
        ;;
    eval)
        options="$network $machine $precision --truth --images --metric --points --iou-thresh --conf --out
            --worst --json --csv --gate --iou --resize --padding"
        ;;
    bench)
        options="$network $machine $precision --truth --images --duration --warmup --percentile --price-per-hour
            --watts --json --profile --export-profile --sweep --out"
        ;;
    inspect) options="$network $machine $precision --time --graph" ;;
    doctor) options="$network" ;;
    *) return ;;
    esac
    # `--name=value` arrives as three words where "=" breaks words.
    if [ "$previous" = = ]; then
        previous=${COMP_WORDS[COMP_CWORD - 2]}
    elif [ "$current" = = ]; then
        current=
    fi
    _boxwright_value "$previous" && return
    case $current in
    -*) _boxwright_words "$options --help" ;;
    *) _boxwright_files ;;
    esac
}

complete -F _boxwright boxwright
