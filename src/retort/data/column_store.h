// Named columns of plain numbers, in memory or memory-mapped; the content of feature caches. A mapped column loads only
// the pages that are read.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace retort::data {

class ColumnStore {
 public:
  struct Column {
    std::string name;  // at most 31 bytes
    uint32_t element_bytes = 1;
    std::span<const std::byte> bytes;
  };

  // Takes ownership of the values. The name must be new.
  template <typename T>
  void add(std::string name, std::vector<T> values) {
    static_assert(std::is_trivially_copyable_v<T>);
    auto owner = std::make_shared<const std::vector<T>>(std::move(values));
    const std::span<const std::byte> bytes = std::as_bytes(std::span(*owner));
    add_column({std::move(name), sizeof(T), bytes}, std::move(owner));
  }
  void add_text(std::string name, std::string_view text) {
    add(std::move(name), std::vector<char>(text.begin(), text.end()));
  }

  // Adds a column in memory that `owner` owns.
  void add_column(Column column, std::shared_ptr<const void> owner);

  // Returns the values of a column. Throws InternalError when it is missing or has another element size.
  template <typename T>
  std::span<const T> get(std::string_view name) const {
    const Column& column = find(name, sizeof(T));
    return {reinterpret_cast<const T*>(column.bytes.data()), column.bytes.size() / sizeof(T)};
  }
  // The same for columns of a file: throws UserError, without the file's name.
  template <typename T>
  std::span<const T> need(std::string_view name) const {
    check_has(name, sizeof(T));
    return get<T>(name);
  }
  std::string_view text(std::string_view name) const {
    const std::span<const char> characters = get<char>(name);
    return {characters.data(), characters.size()};
  }

  const Column* maybe_find(std::string_view name) const;
  const std::vector<Column>& columns() const { return columns_; }

 private:
  const Column& find(std::string_view name, size_t element_bytes) const;
  void check_has(std::string_view name, size_t element_bytes) const;

  std::vector<Column> columns_;
  std::vector<std::shared_ptr<const void>> owners_;
};

}  // namespace retort::data
