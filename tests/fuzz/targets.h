// The fuzz targets. Each gives one input to the parser of one file format and returns whether the parser accepts it; a
// UserError is a refusal. Findings are: any other exception, a report of a sanitizer, a property that does not hold
// (RETORT_CHECK), and memory or time out of proportion. Inputs with wrong checksums or lengths are tried a second time
// with right ones, so that fuzzing reaches the code after these checks. fuzzer_main.cpp makes a libFuzzer program of
// each, corpus_test.cpp runs each over its corpus.
#pragma once

#include <string_view>

namespace retort::fuzz {

bool column_file(std::string_view input);      // token files and the container of feature caches
bool event_log(std::string_view input);        // train_log.jsonl of a resumed run
bool feature_cache(std::string_view input);    // features of SQuAD and GLUE in column files
bool glove(std::string_view input);            // word vectors
bool glue(std::string_view input);             // TSV files and the hub's tables as JSON lines
bool instances(std::string_view input);        // HDF5 files of pre-training instances
bool json(std::string_view input);             // any JSON
bool json_lines(std::string_view input);       // tables and requests, one object per line
bool manifest(std::string_view input);         // MANIFEST.json of a checkpoint
bool model_config(std::string_view input);     // config.json
bool numpy_bytes(std::string_view input);      // arrays in columns of LDDL's Parquet files
bool parquet(std::string_view input);          // tables of the hub
bool pickle(std::string_view input);           // data.pkl, token counts, binarized corpora
bool predictions(std::string_view input);      // predictions.json and null_odds.json of SQuAD
bool punkt(std::string_view input);            // parameters of the sentence splitter, a file or NLTK's folder
bool safetensors(std::string_view input);      // header, and names in all dialects
bool settings(std::string_view input);         // retort_config.json and --config, flags
bool shard_index(std::string_view input);      // model.safetensors.index.json
bool squad(std::string_view input);            // SQuAD JSON, and features of accepted files
bool text(std::string_view input);             // any text through a tokenizer
bool tokenizer_files(std::string_view input);  // a folder: see split_parts
bool torch_file(std::string_view input);       // ZIP archive with pickle and storages
bool trainer_state(std::string_view input);    // trainer_state.json

}  // namespace retort::fuzz
