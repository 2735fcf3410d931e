#!/usr/bin/env bash
# The published distillation of BERT-base into 4 layers of 312 (Jiao et al. 2020, in NVIDIA's form), in its eight stages:
#   1 states on a corpus, 128 tokens   2 the same, 512 tokens        3 augment SQuAD
#   4 states on SQuAD                  5 predictions on SQuAD
#   6 augment SST-2                    7 states on SST-2 (from 1)    8 predictions on SST-2
# Each stage reads the folders of earlier ones below --output_dir and writes stage-N there (with --small below its
# folder `small`); an interrupted stage is resumed.
#
#   runs/tinybert.sh --stage 4 --teacher BERT --teacher_squad BERT_QA --squad_dir SQUAD --vocab_file vocab.txt --output_dir OUT
#   runs/tinybert.sh --stage all --small ...     a few steps of each: a test run of minutes
#
# Files, and the stages that need them:
#   --vocab_file   vocab.txt of the teacher                         1
#   --teacher      BERT-base, pre-trained                           1 2, and 3 6 as the masked language model
#   --corpus       token file of Wikipedia                          1 2
#   --teacher_squad, --squad_dir   BERT-base fine-tuned on SQuAD v1.1; folder with train-v1.1.json and dev-v1.1.json   3 4 5
#   --teacher_sst2, --sst2_dir     BERT-base fine-tuned on SST-2; folder with train.tsv and dev.tsv                    6 7 8
#   --glove        glove.6B.300d.txt                                3 6; with --small optional: then without augmentation
#   --retort       the program; default: build/retort, else retort in PATH
#   --preset       the student, default bert-4l-312d; for example bert-6l-768d
# With --small and no corpus, stages 4 and 7 start from a random student. With --small, augmented files are in its folder; otherwise
# they are beside the task's files.
set -euo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
stage= small= output_dir= vocab_file= teacher= teacher_squad= teacher_sst2= corpus= squad_dir= sst2_dir= glove=
retort=retort preset=bert-4l-312d
[[ -x $root/build/retort ]] && retort=$root/build/retort

refuse() {
  echo "tinybert.sh: $*" >&2
  exit 2
}

while (($#)); do
  case $1 in
    --small) small=1; shift; continue ;;
    --stage|--output_dir|--vocab_file|--teacher|--teacher_squad|--teacher_sst2|--corpus|--squad_dir|--sst2_dir|--glove|--retort|--preset)
      (($# > 1)) || refuse "\`$1\` must be followed by a value"
      printf -v "${1#--}" %s "$2"; shift 2 ;;
    -h|--help) sed -n '2,/^set -/{/^set -/d;s/^# \{0,1\}//;p}' "$0"; exit 0 ;;
    *) refuse "unknown flag \`$1\`; see --help" ;;
  esac
done

# A test run may omit general distillation and augmentation.
has_no_corpus= has_no_glove=
[[ -n $small && -z $corpus ]] && has_no_corpus=1
[[ -n $small && -z $glove ]] && has_no_glove=1

# needs stage: the required flags of the stage.
needs() {
  case $1 in
    1) [[ -n $has_no_corpus ]] || echo vocab_file teacher corpus ;;
    2) [[ -n $has_no_corpus ]] || echo teacher corpus ;;
    3) echo squad_dir; [[ -n $has_no_glove ]] || echo glove teacher ;;
    4) echo squad_dir teacher_squad ${has_no_corpus:+vocab_file} ;;
    5) echo squad_dir teacher_squad ;;
    6) echo sst2_dir; [[ -n $has_no_glove ]] || echo glove teacher ;;
    7) echo sst2_dir teacher_sst2 ${has_no_corpus:+vocab_file} ;;
    8) echo sst2_dir teacher_sst2 ;;
  esac
}

# check stage: exits when a required flag or file is missing.
check() {
  local name file files
  for name in $(needs "$1"); do
    [[ -n ${!name} ]] || refuse "\`--$name\` must be given for stage $1, but is missing; see --help"
    case $name in
      teacher*) "$retort" inspect "${!name}" >/dev/null || exit 2; continue ;;
      squad_dir) files=(/train-v1.1.json /dev-v1.1.json) ;;
      sst2_dir) files=(/train.tsv /dev.tsv) ;;
      *) files=("") ;;
    esac
    for file in "${files[@]}"; do
      [[ -e ${!name}$file ]] || refuse "\`${!name}$file\` must be there for stage $1, but is missing"
    done
  done
}

run() {
  echo "+ $*" >&2
  "$@"
}

# train stage flags...: runs a training command that writes stage-N; skips a finished stage, resumes an interrupted one.
train() {
  local out=$output_dir/stage-$1
  shift
  [[ -e $out/DONE ]] && { echo "$out is done" >&2; return; }
  local more=()
  [[ -d $out ]] && more+=(--resume)
  if [[ -n $small ]]; then
    more+=(--max_steps 20 --per_device_train_batch_size 8 --gradient_accumulation_steps 1 --eval_steps 0 --no_dataloader_drop_last)
  fi
  run "$retort" "$@" --output_dir "$out" "${more[@]}"
}

backbone() { train "$1" distill backbone --distill_config "$root/configs/distill/distill_config/backbone.json" "${@:2}"; }
prediction() { train "$1" distill prediction --distill_config "$root/configs/distill/distill_config/prediction.json" "${@:2}"; }

# start stage: flags of the initial student of a task; with --small and no corpus a random one.
start() {
  if [[ -n $has_no_corpus ]]; then
    student=(--model "preset:$preset" --vocab_file "$vocab_file" --pad_vocabulary)
  else
    student=(--model "$output_dir/stage-$1")
  fi
}

# augmented file stage: sets `rows` to the flag for the augmented file of that stage; a test run may continue without.
augmented() {
  rows=--aug_train
  [[ -e $1 ]] && return
  [[ -n $small ]] || refuse "\`$1\` must be there for stage $stage, but is missing; run stage $2 first"
  rows=--no_aug_train
}

augment() {  # augment kind data_dir file more...
  [[ -e $2/$3 ]] && { echo "$2/$3 is there" >&2; return; }
  [[ -n $has_no_glove ]] && return
  local more=()
  [[ -n $small ]] && more+=(--N 1)
  run "$retort" data augment "$1" --model "$teacher" --glove_embs "$glove" --data_dir "$2" "${@:4}" "${more[@]}"
}

# own_folder name: the task's folder; with --small a folder below --output_dir with links to its files.
own_folder() {
  local folder=${1}_dir file
  if [[ -n $small && -n ${!folder} ]]; then
    mkdir -p "$output_dir/$1"
    for file in train-v1.1.json dev-v1.1.json train.tsv dev.tsv; do
      if [[ -e ${!folder}/$file ]]; then ln -sf "$(realpath "${!folder}")/$file" "$output_dir/$1"; fi
    done
    printf -v "$folder" %s "$output_dir/$1"
  fi
}

squad_paragraphs() { if [[ -n $small ]]; then echo --max_train_paragraphs 20; fi; }
squad_examples() { if [[ -n $small ]]; then echo --max_train_examples 200 --max_eval_examples 200; fi; }
sst2_examples() { if [[ -n $small ]]; then echo --max_train_examples 500; fi; }

run_stage() {
  case $1 in
    1|2)
      if [[ -n $has_no_corpus ]]; then echo "no corpus: stage $1 is left out" >&2; return; fi
      if (($1 == 1)); then
        backbone 1 --config "$root/configs/distill/general-128.json" --model "preset:$preset" --vocab_file "$vocab_file" \
          --pad_vocabulary --teacher "$teacher" --data_file "$corpus"
      else
        backbone 2 --config "$root/configs/distill/general-512.json" --model "$output_dir/stage-1" --teacher "$teacher" \
          --data_file "$corpus"
      fi ;;
    3) augment squad "$squad_dir" train-v1.1_aug.json $(squad_paragraphs) ;;
    4)
      start 2
      augmented "$squad_dir/train-v1.1_aug.json" 3
      backbone 4 --config "$root/configs/distill/squad-backbone.json" "${student[@]}" --teacher "$teacher_squad" \
        --data_dir "$squad_dir" "$rows" $(squad_examples) ;;
    5)
      augmented "$squad_dir/train-v1.1_aug.json" 3
      prediction 5 --config "$root/configs/distill/squad-prediction.json" --model "$output_dir/stage-4" \
        --teacher "$teacher_squad" --data_dir "$squad_dir" "$rows" $(squad_examples) ;;
    6) augment glue "$sst2_dir" train_aug.tsv --task_name sst-2 $(sst2_examples) ;;
    7)
      start 1
      augmented "$sst2_dir/train_aug.tsv" 6
      backbone 7 --config "$root/configs/distill/sst2-backbone.json" "${student[@]}" --teacher "$teacher_sst2" \
        --data_dir "$sst2_dir" "$rows" $(sst2_examples) ;;
    8)
      augmented "$sst2_dir/train_aug.tsv" 6
      prediction 8 --config "$root/configs/distill/sst2-prediction.json" --model "$output_dir/stage-7" \
        --teacher "$teacher_sst2" --data_dir "$sst2_dir" "$rows" $(sst2_examples) ;;
  esac
}

for name in stage output_dir; do
  [[ -n ${!name} ]] || refuse "\`--$name\` must be given, but is missing; see --help"
done
case $stage in
  all) stages=(1 2 3 4 5 6 7 8) ;;
  [1-8]) stages=("$stage") ;;
  *) refuse "\`--stage\` must be 1 to 8 or all, but is \`$stage\`" ;;
esac
for stage in "${stages[@]}"; do check "$stage"; done  # all stages, before the first one runs for days
[[ -n $small ]] && output_dir=$output_dir/small  # so that a test run is not mistaken for a finished stage
mkdir -p "$output_dir"
own_folder squad
own_folder sst2
for stage in "${stages[@]}"; do run_stage "$stage"; done
