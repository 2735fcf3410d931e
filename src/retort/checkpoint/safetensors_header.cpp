// See safetensors_header.h. The checks are those of the reference (safetensors, tensor.rs, Metadata::validate), and in
// addition: no duplicate names, no NUL in names, no unknown fields, at most 64 dimensions.
#include "retort/checkpoint/safetensors_header.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <limits>
#include <optional>
#include <tuple>

#include "retort/checkpoint/strict_json.h"

namespace retort::checkpoint {
namespace {

constexpr const char* kMetadataKey = "__metadata__";
constexpr size_t kMaxDimensions = 64;

// Accepts the only structure that a header can have:
//   {"__metadata__": {string: string}, name: {"dtype": string, "shape": [n...], "data_offsets": [begin, end]}}
class HeaderReader : public StrictJson {
 public:
  HeaderReader(std::string subject, SafetensorsHeader& header) : StrictJson(std::move(subject)), header_(header) {}

  bool start_object(std::size_t) override {
    switch (place_) {
      case Place::kStart:
        place_ = Place::kTop;
        return true;
      case Place::kMetadataValue:
        place_ = Place::kMetadata;
        return true;
      case Place::kTensorValue:
        place_ = Place::kTensor;
        return true;
      default:
        return unexpected("an object");
    }
  }

  bool key(string_t& text) override {
    if (place_ == Place::kTop) {
      start_entry(text);
    } else if (place_ == Place::kMetadata) {
      metadata_key_ = text;
      place_ = Place::kMetadataText;
    } else {
      start_field(text);
    }
    return true;
  }

  bool string(string_t& text) override {
    if (place_ == Place::kMetadataText) {
      if (!header_.metadata.emplace(metadata_key_, text).second) {
        throw UserError("`{}` must have each metadata key once, but has \"{}\" twice; {}", subject_,
                        shown_name(metadata_key_), kDamagedRemedy);
      }
      place_ = Place::kMetadata;
    } else if (place_ == Place::kDtype) {
      set_dtype(text);
      place_ = Place::kTensor;
    } else {
      return StrictJson::string(text);
    }
    return true;
  }

  bool start_array(std::size_t) override {
    if (place_ == Place::kShape) {
      place_ = Place::kInShape;
    } else if (place_ == Place::kOffsets) {
      place_ = Place::kInOffsets;
    } else {
      return unexpected("a list");
    }
    return true;
  }

  bool number_unsigned(number_unsigned_t value) override {
    if (value > static_cast<uint64_t>(std::numeric_limits<int64_t>::max())) return StrictJson::number_unsigned(value);
    if (place_ == Place::kInShape && shape_.size() < kMaxDimensions) {
      shape_.push_back(static_cast<int64_t>(value));
    } else if (place_ == Place::kInOffsets && offsets_.size() < 2) {
      offsets_.push_back(static_cast<int64_t>(value));
    } else {
      return StrictJson::number_unsigned(value);
    }
    return true;
  }

  bool end_array() override {
    if (place_ == Place::kInOffsets && offsets_.size() != 2) return unexpected("a list of fewer than two offsets");
    place_ = Place::kTensor;
    return true;
  }

  bool end_object() override {
    if (place_ == Place::kTensor) finish_entry();
    place_ = place_ == Place::kTop ? Place::kEnd : Place::kTop;
    return true;
  }

 private:
  enum class Place {
    kStart,
    kTop,
    kMetadataValue,
    kMetadata,
    kMetadataText,
    kTensorValue,
    kTensor,
    kDtype,
    kShape,
    kInShape,
    kOffsets,
    kInOffsets,
    kEnd
  };

  void start_entry(const std::string& name) {
    if (name == kMetadataKey) {
      if (has_metadata_)
        throw UserError("`{}` must have one `__metadata__`, but has two; {}", subject_, kDamagedRemedy);
      has_metadata_ = true;
      place_ = Place::kMetadataValue;
      return;
    }
    if (name.find('\0') != std::string::npos) {
      throw UserError("tensor `{}` of `{}` must have a name without NUL characters; save the file again",
                      shown_name(name), subject_);
    }
    entry_ = HeaderEntry{.name = name, .shape = {}};
    shape_.clear();
    offsets_.clear();
    has_dtype_ = has_shape_ = has_offsets_ = false;
    place_ = Place::kTensorValue;
  }

  void start_field(const std::string& field) {
    const bool is_dtype = field == "dtype", is_shape = field == "shape", is_offsets = field == "data_offsets";
    if (!is_dtype && !is_shape && !is_offsets) unexpected(fmt::format("the field \"{}\"", shown_name(field)));
    bool& has_field = is_dtype ? has_dtype_ : is_shape ? has_shape_ : has_offsets_;
    if (has_field) unexpected(fmt::format("the field \"{}\" twice", field));
    has_field = true;
    place_ = is_dtype ? Place::kDtype : is_shape ? Place::kShape : Place::kOffsets;
  }

  void set_dtype(const std::string& text) {
    const auto dtype = maybe_dtype(text);
    if (!dtype) {
      throw UserError(
          "tensor `{}` of `{}` must have an element type of F64 F32 F16 BF16 I64 I32 I16 I8 U8 BOOL, but has \"{}\"; "
          "convert the model to one of them (quantized models are not supported)",
          shown_name(entry_.name), subject_, shown_name(text));
    }
    entry_.dtype = *dtype;
  }

  void finish_entry() {
    if (!has_dtype_ || !has_shape_ || !has_offsets_) unexpected("not all of them");
    entry_.shape = shape_;
    entry_.begin_bytes = offsets_[0];
    entry_.end_bytes = offsets_[1];
    header_.entries.push_back(std::move(entry_));
  }

  [[noreturn]] bool unexpected(const std::string& what) override {
    switch (place_) {
      case Place::kStart:
      case Place::kTop:
      case Place::kEnd:
        throw UserError("the header of `{}` must be a JSON object, but has {}; {}", subject_, what, kDamagedRemedy);
      case Place::kMetadataValue:
      case Place::kMetadata:
      case Place::kMetadataText:
        throw UserError("`__metadata__` of `{}` must map strings to strings, but has {}; {}", subject_, what,
                        kDamagedRemedy);
      default:
        throw UserError(
            "tensor `{}` of `{}` must have a dtype (a string), a shape (at most {} numbers from 0 to 2^63-1) and "
            "data_offsets (two such numbers), but has {}; {}",
            shown_name(entry_.name), subject_, kMaxDimensions, what, kDamagedRemedy);
    }
  }

  SafetensorsHeader& header_;
  Place place_ = Place::kStart;
  bool has_metadata_ = false, has_dtype_ = false, has_shape_ = false, has_offsets_ = false;
  std::string metadata_key_;
  HeaderEntry entry_;
  std::vector<int64_t> shape_, offsets_;
};

void check_names_differ(const std::vector<HeaderEntry>& entries, const std::string& subject) {
  std::vector<std::string_view> names;
  names.reserve(entries.size());
  for (const HeaderEntry& entry : entries) names.push_back(entry.name);
  std::ranges::sort(names);
  const auto twice = std::ranges::adjacent_find(names);
  if (twice == names.end()) return;
  throw UserError("tensor `{}` must be in `{}` once, but is there twice; {}", shown_name(*twice), subject,
                  StrictJson::kDamagedRemedy);
}

void check_size(const HeaderEntry& entry, const std::string& subject) {
  const auto byte_count = maybe_byte_count(entry.shape, entry.dtype);
  if (!byte_count) {
    throw UserError("tensor `{}` of `{}` must have fewer than 2^63 bytes, but has shape {}; {}", shown_name(entry.name),
                    subject, shape_text(entry.shape), StrictJson::kDamagedRemedy);
  }
  if (entry.end_bytes - entry.begin_bytes != *byte_count) {
    throw UserError("tensor `{}` of `{}` must have {} bytes for shape {} of {}, but its offsets span {}; {}",
                    shown_name(entry.name), subject, *byte_count, shape_text(entry.shape), dtype_name(entry.dtype),
                    entry.end_bytes - entry.begin_bytes, StrictJson::kDamagedRemedy);
  }
}

// The tensors, in the order of their offsets, must cover the data section without gaps.
void check_layout(const std::vector<HeaderEntry>& entries, int64_t data_bytes, const std::string& subject) {
  int64_t position = 0;
  for (const HeaderEntry& entry : entries) {
    if (entry.begin_bytes != position || entry.end_bytes < entry.begin_bytes) {
      throw UserError(
          "tensor `{}` of `{}` must start at data byte {}, where the tensor before it ends, but spans {} to {}; {}",
          shown_name(entry.name), subject, position, entry.begin_bytes, entry.end_bytes, StrictJson::kDamagedRemedy);
    }
    if (entry.end_bytes > data_bytes) {
      throw UserError(
          "tensor `{}` of `{}` must lie inside the file, but needs {} data bytes of {}; the file is truncated: "
          "download it or save it again",
          shown_name(entry.name), subject, entry.end_bytes, data_bytes);
    }
    check_size(entry, subject);
    position = entry.end_bytes;
  }
  if (position != data_bytes) {
    throw UserError("`{}` must end with its last tensor, but has {} more bytes; {}", subject, data_bytes - position,
                    StrictJson::kDamagedRemedy);
  }
}

// A JSON string as serde_json writes it: escapes quotes, backslashes and control characters, writes the rest as UTF-8.
std::string quoted(const std::string& text) { return nlohmann::json(text).dump(); }

std::string format_entry(const HeaderEntry& entry) {
  return fmt::format("{}:{{\"dtype\":\"{}\",\"shape\":[{}],\"data_offsets\":[{},{}]}}", quoted(entry.name),
                     dtype_name(entry.dtype), fmt::join(entry.shape, ","), entry.begin_bytes, entry.end_bytes);
}

}  // namespace

SafetensorsHeader parse_safetensors_header(std::string_view text, int64_t data_bytes, const std::string& subject) {
  SafetensorsHeader header;
  HeaderReader(subject, header).read(text);
  check_names_differ(header.entries, subject);
  std::ranges::sort(header.entries, [](const HeaderEntry& left, const HeaderEntry& right) {
    return std::tie(left.begin_bytes, left.end_bytes, left.name) <
           std::tie(right.begin_bytes, right.end_bytes, right.name);
  });
  check_layout(header.entries, data_bytes, subject);
  return header;
}

std::string format_safetensors_header(const SafetensorsHeader& header) {
  std::vector<std::string> parts;
  if (!header.metadata.empty()) {
    std::vector<std::string> pairs;
    for (const auto& [key, value] : header.metadata) pairs.push_back(quoted(key) + ":" + quoted(value));
    parts.push_back(fmt::format("\"{}\":{{{}}}", kMetadataKey, fmt::join(pairs, ",")));
  }
  for (const HeaderEntry& entry : header.entries) parts.push_back(format_entry(entry));
  return fmt::format("{{{}}}", fmt::join(parts, ","));
}

}  // namespace retort::checkpoint
