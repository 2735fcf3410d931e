// Three sections from the outside in: the record, protobuf's wire format, the messages. Each event is built in one
// string, because it has about fifty bytes.
#include "retort/train/tensorboard.h"

#include <unistd.h>

#include <array>
#include <atomic>
#include <bit>
#include <chrono>
#include <mutex>

#include "retort/base/error.h"
#include "retort/base/folder.h"
#include "retort/base/system.h"
#include "retort/checkpoint/run_folder.h"
#include "retort/train/append_file.h"
#include "retort/train/wall_clock.h"

namespace retort::train {
namespace {

// ---- TFRecord: u64 length, masked CRC of it, bytes, masked CRC of them; all little-endian.

constexpr std::array<uint32_t, 256> make_crc_table() {
  std::array<uint32_t, 256> table = {};
  for (uint32_t i = 0; i < 256; ++i) {
    uint32_t crc = i;
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) * 0x82F63B78u);  // Castagnoli, reflected
    table[i] = crc;
  }
  return table;
}

uint32_t masked_crc(std::string_view bytes) {
  static constexpr std::array<uint32_t, 256> kTable = make_crc_table();
  uint32_t crc = ~0u;
  for (const char byte : bytes) crc = (crc >> 8) ^ kTable[(crc ^ static_cast<unsigned char>(byte)) & 0xFF];
  return std::rotr(~crc, 15) + 0xA282EAD8u;  // so that a CRC over stored CRCs stays useful (crc32c.h)
}

template <typename Number>
void append_fixed(std::string& out, Number number) {
  static_assert(std::endian::native == std::endian::little);
  const auto bytes = std::bit_cast<std::array<char, sizeof number>>(number);
  out.append(bytes.data(), bytes.size());
}

std::string make_record(std::string_view message) {
  std::string record;
  append_fixed(record, uint64_t{message.size()});
  append_fixed(record, masked_crc(record));
  record += message;
  append_fixed(record, masked_crc(message));
  return record;
}

// ---- Protocol buffers: a key (field number and wire type), then the value.

enum class Wire : uint64_t { kVarint = 0, kFixed64 = 1, kBytes = 2, kFixed32 = 5 };

void append_varint(std::string& out, uint64_t value) {
  for (; value >= 0x80; value >>= 7) out += static_cast<char>(value | 0x80);
  out += static_cast<char>(value);
}

void append_key(std::string& out, uint64_t field, Wire wire) {
  append_varint(out, field << 3 | static_cast<uint64_t>(wire));
}

void append_integer(std::string& out, uint64_t field, int64_t value) {
  append_key(out, field, Wire::kVarint);
  append_varint(out, static_cast<uint64_t>(value));
}

void append_bytes(std::string& out, uint64_t field, std::string_view bytes) {
  append_key(out, field, Wire::kBytes);
  append_varint(out, bytes.size());
  out += bytes;
}

// ---- The messages; field numbers from tensorboard/compat/proto.

std::string make_event(double wall_time, int64_t step, uint64_t what_field, std::string_view what) {
  std::string event;
  append_key(event, 1, Wire::kFixed64);
  append_fixed(event, wall_time);
  if (step != 0) append_integer(event, 2, step);
  append_bytes(event, what_field, what);
  return event;
}

constexpr uint64_t kFileVersionField = 3, kSummaryField = 5, kSessionLogField = 7;

std::string make_summary(std::string_view value) {
  std::string summary;
  append_bytes(summary, 1, value);
  return summary;
}

std::string make_scalar_summary(std::string_view tag, float number) {
  std::string value;
  append_bytes(value, 1, tag);
  append_key(value, 2, Wire::kFixed32);
  append_fixed(value, number);
  return make_summary(value);
}

// TensorProto{dtype: DT_STRING, tensor_shape{dim{size: 1}}, string_val: text}
std::string make_text_tensor(std::string_view text) {
  constexpr int64_t kDtString = 7;
  std::string dim, shape, tensor;
  append_integer(dim, 1, 1);
  append_bytes(shape, 2, dim);
  append_integer(tensor, 1, kDtString);
  append_bytes(tensor, 2, shape);
  append_bytes(tensor, 8, text);
  return tensor;
}

// The TEXT page shows tensors whose metadata names its plugin; its tags end so by convention (SummaryWriter.add_text).
std::string make_text_summary(std::string_view tag, std::string_view text) {
  std::string plugin, metadata, value;
  append_bytes(plugin, 1, "text");
  append_bytes(metadata, 1, plugin);
  append_bytes(value, 1, std::string(tag) + "/text_summary");
  append_bytes(value, 8, make_text_tensor(text));
  append_bytes(value, 9, metadata);
  return make_summary(value);
}

// SessionLog{status: START}: TensorBoard forgets points at or after the step of this event.
std::string make_session_start() {
  std::string session;
  append_integer(session, 1, 1);
  return session;
}

std::string this_host() {
  const std::string name = maybe_host_name().value_or("");
  return name.empty() ? "localhost" : name;
}

TensorBoardOptions with_defaults(TensorBoardOptions options) {
  if (!options.unix_seconds) options.unix_seconds = unix_seconds_now;
  if (options.host_name.empty()) options.host_name = this_host();
  if (options.process_id == 0) options.process_id = ::getpid();
  return options;
}

// The name is listed before the file is made, so that the list never lacks a file.
void list_as_own(const fs::path& folder, const std::string& name) {
  const fs::path list = folder / checkpoint::kEventFileList;
  const bool is_there = fs::symlink_status(list).type() == fs::file_type::regular;
  write_file_atomically(list, (is_there ? read_file(list) : std::string()) + name + "\n");
}

fs::path make_file_path(const TensorBoardOptions& options) {
  static std::atomic<int> counter{0};
  make_folder(options.folder);
  const auto seconds = static_cast<int64_t>(options.unix_seconds());
  const std::string name =
      fmt::format("events.out.tfevents.{:010}.{}.{}.{}", seconds, options.host_name, options.process_id, counter++);
  list_as_own(options.folder, name);
  return options.folder / name;
}

}  // namespace

struct TensorBoardWriter::State {
  TensorBoardOptions options;
  AppendFile file;
  std::mutex mutex;

  explicit State(TensorBoardOptions given)
      : options(with_defaults(std::move(given))), file(make_file_path(options), 0) {
    append(0, kFileVersionField, "brain.Event:2");
    if (options.resumed_step) append(*options.resumed_step + 1, kSessionLogField, make_session_start());
  }

  void append(int64_t step, uint64_t what_field, std::string_view what) {
    const std::lock_guard lock(mutex);
    file.append(make_record(make_event(options.unix_seconds(), step, what_field, what)));
  }
};

TensorBoardWriter::TensorBoardWriter(TensorBoardOptions options)
    : state_(std::make_unique<State>(std::move(options))) {}

TensorBoardWriter::~TensorBoardWriter() = default;

const fs::path& TensorBoardWriter::path() const { return state_->file.path(); }

void TensorBoardWriter::add_scalar(std::string_view tag, double value, int64_t step) {
  state_->append(step, kSummaryField, make_scalar_summary(tag, static_cast<float>(value)));
}

void TensorBoardWriter::add_text(std::string_view tag, std::string_view text, int64_t step) {
  state_->append(step, kSummaryField, make_text_summary(tag, text));
}

}  // namespace retort::train
