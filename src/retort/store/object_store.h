// The objects below one URL of an object store (S3, Google Cloud Storage, or a local folder by file:// for tests),
// through Arrow's file systems. Requests that fail for a moment are repeated. Every function throws UserError that
// names the URL and the reason: no permission, no such bucket, no answer.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace retort::store {

struct StoredObject {
  std::string name;  // relative to the URL; empty when the URL itself is the object
  int64_t byte_count = 0;
  int64_t modified_ns = 0;  // since 1970, by the store's clock
};

class ObjectStore {
 public:
  explicit ObjectStore(const std::string& url);
  ~ObjectStore();
  ObjectStore(const ObjectStore&) = delete;
  ObjectStore& operator=(const ObjectStore&) = delete;

  // All objects at the URL or below it, by name; empty when there are none.
  std::vector<StoredObject> list() const;
  // Writes the object to `file` atomically; a body that is shorter than announced is fetched again, then an error.
  void download(const StoredObject& object, const std::filesystem::path& file) const;
  // Stores the file under `name`. The object appears whole, or, after an error, as it was before.
  StoredObject upload(const std::filesystem::path& file, const std::string& name) const;
  void remove(const std::string& name) const;

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

// Ends the threads of the stores' client libraries; call it once, before main returns. Stores cannot be used after it.
void close_object_stores();

}  // namespace retort::store
