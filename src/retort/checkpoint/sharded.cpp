// See sharded.h. Ignores the other fields of the index ("metadata": {"total_size": ...}).
#include "retort/checkpoint/sharded.h"

#include <set>

#include "retort/checkpoint/strict_json.h"

namespace retort::checkpoint {
namespace {

// Depth 1 is the index, depth 2 inside "weight_map" its pairs; other values are skipped up to a depth limit.
class IndexReader : public StrictJson {
 public:
  IndexReader(std::string subject, ShardIndex& index) : StrictJson(std::move(subject)), index_(index) {}

  bool null() override { return pass("null"); }
  bool boolean(bool) override { return pass("true or false"); }
  bool number_integer(number_integer_t) override { return pass("a number"); }
  bool number_unsigned(number_unsigned_t) override { return pass("a number"); }
  bool number_float(number_float_t, const string_t&) override { return pass("a number"); }
  bool start_object(std::size_t) override { return open("an object"); }
  bool start_array(std::size_t) override { return open("a list"); }
  bool end_array() override { return close(); }
  bool end_object() override { return close(); }

  bool key(string_t& text) override {
    if (depth_ == 1) {
      if (text == "weight_map" && has_weight_map_) unexpected("it twice");
      in_weight_map_ = text == "weight_map";
      has_weight_map_ |= in_weight_map_;
    } else if (in_weight_map_) {
      tensor_ = text;
    }
    return true;
  }

  bool string(string_t& text) override {
    if (!in_weight_map_ || depth_ != 2) return pass("a string");
    if (!index_.weight_map.emplace(tensor_, text).second) {
      throw UserError("tensor `{}` must be in `{}` once, but is there twice; {}", shown_name(tensor_), subject_,
                      kDamagedRemedy);
    }
    return true;
  }

 private:
  static constexpr int kMaxDepth = 16;

  // Skips a value that is neither the index nor inside its weight_map.
  bool pass(const char* what) {
    if (depth_ == 0 || in_weight_map_) unexpected(what);
    return true;
  }
  bool open(const char* what) {
    if (in_weight_map_ && (depth_ > 1 || what != std::string_view("an object"))) unexpected(what);
    if (depth_ == 0 && what != std::string_view("an object")) unexpected(what);
    if (++depth_ > kMaxDepth) unexpected(fmt::format("more than {} levels", kMaxDepth));
    return true;
  }
  bool close() {
    if (--depth_ == 1) in_weight_map_ = false;
    return true;
  }
  [[noreturn]] bool unexpected(const std::string& what) override {
    throw UserError("`{}` must hold one \"weight_map\" from tensor names to file names, but has {}; {}", subject_, what,
                    kDamagedRemedy);
  }

  ShardIndex& index_;
  int depth_ = 0;
  bool in_weight_map_ = false, has_weight_map_ = false;
  std::string tensor_;
};

bool is_plain_file_name(const std::string& name) {
  return !name.empty() && name != "." && name != ".." &&
         name.find_first_of(std::string("/\\\0", 3)) == std::string::npos;
}

}  // namespace

ShardIndex parse_shard_index(std::string_view text, const std::string& subject) {
  ShardIndex index;
  IndexReader(subject, index).read(text);
  std::set<std::string> shards;
  for (const auto& [tensor, shard] : index.weight_map) {
    if (!is_plain_file_name(shard)) {
      throw UserError(
          "tensor `{}` of `{}` must be in a file of the same folder, but is listed in \"{}\"; do not trust this "
          "model: download it again from its source",
          shown_name(tensor), subject, shown_name(shard));
    }
    shards.insert(shard);
  }
  if (shards.empty()) {
    throw UserError("`{}` must hold a \"weight_map\" that lists tensors, but lists none; {}", subject,
                    StrictJson::kDamagedRemedy);
  }
  index.shards.assign(shards.begin(), shards.end());
  return index;
}

ShardIndex read_shard_index(const fs::path& path) {
  const MappedFile file(path);
  ShardIndex index = parse_shard_index(file.text(), path.string());
  for (const std::string& shard : index.shards) {
    std::error_code ignored;  // a path that cannot be checked counts as missing
    if (!fs::exists(path.parent_path() / shard, ignored)) {
      throw UserError("`{}` must be in the folder of `{}`, which lists it, but is missing; download it too",
                      shown_name(shard), path.string());
    }
  }
  return index;
}

}  // namespace retort::checkpoint
