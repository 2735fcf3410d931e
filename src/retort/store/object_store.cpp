#include "retort/store/object_store.h"

#include "retort/base/error.h"

#ifdef RETORT_PARQUET
#include <arrow/filesystem/filesystem.h>
#include <arrow/filesystem/s3fs.h>
#include <arrow/io/interfaces.h>
#include <arrow/result.h>
#include <arrow/status.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <mutex>
#include <thread>

#include "retort/base/file.h"
#include "retort/base/folder.h"
#include "retort/base/log.h"
#include "retort/base/printable.h"

namespace retort::store {
namespace {

constexpr int kAttempts = 3;
constexpr int64_t kPieceBytes = 8 << 20;
constexpr double kConnectSeconds = 5, kRequestSeconds = 30;

bool contains_any(const std::string& text, std::initializer_list<const char*> words) {
  return std::any_of(words.begin(), words.end(),
                     [&](const char* word) { return text.find(word) != std::string::npos; });
}

bool is_refused(const std::string& text) {
  return contains_any(text, {"ACCESS_DENIED", "INVALID_ACCESS_KEY_ID", "SIGNATURE_DOES_NOT_MATCH", "InvalidAccessKeyId",
                             "SignatureDoesNotMatch", "AccessDenied", "HTTP status 403", "PERMISSION_DENIED",
                             "UNAUTHENTICATED", "INVALID_CLIENT_TOKEN_ID"});
}
bool is_missing_bucket(const std::string& text) {
  return contains_any(text, {"NO_SUCH_BUCKET", "NoSuchBucket", "specified bucket does not exist"});
}
bool is_unanswered(const std::string& text) {
  return contains_any(text, {"NETWORK_CONNECTION", "curlCode", "Could not connect", "timed out", "UNAVAILABLE"});
}

// Returns one line of a reasonable length.
std::string first_line(const std::string& text) {
  constexpr size_t kShownBytes = 300;
  return printable_line(text.substr(0, std::min(text.find('\n'), kShownBytes)));
}

[[noreturn]] void throw_refusal(const std::string& url, const std::string& text) {
  if (is_refused(text))
    throw UserError(
        "`{}` must be accessible, but the store refused these credentials; set AWS_ACCESS_KEY_ID and "
        "AWS_SECRET_ACCESS_KEY, AWS_PROFILE or GOOGLE_APPLICATION_CREDENTIALS",
        url);
  if (is_missing_bucket(text))
    throw UserError("`{}` must be in a bucket that exists, but there is no such bucket", url);
  if (is_unanswered(text))
    throw UserError("`{}` must be reachable, but the store did not answer; see AWS_ENDPOINT_URL ({})", url,
                    first_line(text));
  throw UserError("`{}` must be accessible, but is not: {}", url, first_line(text));
}

void check(const arrow::Status& status, const std::string& url) {
  if (!status.ok()) throw_refusal(url, status.ToString());
}
template <typename T>
T value_of(arrow::Result<T> result, const std::string& url) {
  check(result.status(), url);
  return std::move(result).ValueUnsafe();
}

// Calls `body` until it returns OK, a few times, with pauses; what the user must repair is not repeated.
arrow::Status with_attempts(const std::function<arrow::Status()>& body) {
  for (int attempt = 1;; ++attempt) {
    const arrow::Status status = body();
    const std::string text = status.ok() ? "" : status.ToString();
    if (status.ok() || attempt == kAttempts || is_refused(text) || is_missing_bucket(text)) return status;
    log_warning("object store: {}; attempt {} of {}", first_line(text), attempt + 1, kAttempts);
    std::this_thread::sleep_for(std::chrono::seconds(attempt));
  }
}

// Whether a whole body came.
arrow::Status as_status(const arrow::Result<int64_t>& bytes, int64_t wanted) {
  ARROW_RETURN_NOT_OK(bytes.status());
  if (*bytes == wanted) return arrow::Status::OK();
  return arrow::Status::IOError("the body has ", *bytes, " bytes instead of ", wanted);
}

std::once_flag is_s3_started;
bool uses_s3 = false;

void start_s3(const std::string& url) {
  std::call_once(is_s3_started, [&] {
    arrow::fs::S3GlobalOptions options = arrow::fs::S3GlobalOptions::Defaults();
    options.log_level = arrow::fs::S3LogLevel::Off;
    check(arrow::fs::InitializeS3(options), url);
    uses_s3 = true;
  });
}

// Arrow does not read the endpoint from AWS's variables: a URL of host and port, with http or https.
void set_endpoint(arrow::fs::S3Options& options) {
  for (const char* const name : {"AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"}) {
    const char* const value = std::getenv(name);
    if (value == nullptr || *value == '\0' || !options.endpoint_override.empty()) continue;
    const std::string text = value;
    const size_t scheme = text.find("://");
    if (scheme != std::string::npos) options.scheme = text.substr(0, scheme);
    options.endpoint_override = scheme == std::string::npos ? text : text.substr(scheme + 3);
    while (options.endpoint_override.ends_with('/')) options.endpoint_override.pop_back();
  }
}

std::shared_ptr<arrow::fs::FileSystem> open_s3(const std::string& url, std::string* path) {
  start_s3(url);
  auto options = value_of(arrow::fs::S3Options::FromUri(url, path), url);
  set_endpoint(options);
  options.connect_timeout = kConnectSeconds;
  options.request_timeout = kRequestSeconds;
  options.retry_strategy = arrow::fs::S3RetryStrategy::GetAwsStandardRetryStrategy(3);
  return value_of(arrow::fs::S3FileSystem::Make(options), url);
}

int64_t nanoseconds(const arrow::fs::FileInfo& info) { return info.mtime().time_since_epoch().count(); }

}  // namespace

struct ObjectStore::Parts {
  std::string url;   // for messages
  std::string root;  // bucket/key
  std::shared_ptr<arrow::fs::FileSystem> files;

  std::string path_of(const std::string& name) const { return name.empty() ? root : root + "/" + name; }
  std::string url_of(const std::string& name) const { return name.empty() ? url : url + "/" + name; }

  arrow::Result<int64_t> copy_down(const std::string& name, AtomicFile& target) const {
    ARROW_ASSIGN_OR_RAISE(const auto input, files->OpenInputStream(path_of(name)));
    std::string piece(kPieceBytes, '\0');
    for (int64_t total = 0;;) {
      ARROW_ASSIGN_OR_RAISE(const int64_t count, input->Read(kPieceBytes, piece.data()));
      if (count == 0) return total;
      target.write(std::string_view(piece.data(), static_cast<size_t>(count)));
      total += count;
    }
  }

  // A stream that is only destroyed would publish what was written so far: after an error it is aborted.
  arrow::Status copy_up(const fs::path& file, const std::string& name) const {
    std::ifstream source(file, std::ios::binary);
    ARROW_ASSIGN_OR_RAISE(const auto output, files->OpenOutputStream(path_of(name)));
    arrow::Status status;
    std::string piece(kPieceBytes, '\0');
    while (status.ok() && source.read(piece.data(), kPieceBytes).gcount() > 0)
      status = output->Write(piece.data(), source.gcount());
    if (status.ok() && !source.eof()) status = arrow::Status::IOError("`", file.string(), "` cannot be read");
    if (status.ok()) status = output->Close();
    if (!status.ok()) (void)output->Abort();
    return status;
  }
};

ObjectStore::ObjectStore(const std::string& url) : parts_(std::make_unique<Parts>()) {
  parts_->url = url.substr(0, url.find('?'));
  while (parts_->url.ends_with('/')) parts_->url.pop_back();
  parts_->files = url.starts_with("s3://") ? open_s3(url, &parts_->root)
                                           : value_of(arrow::fs::FileSystemFromUri(url, &parts_->root), parts_->url);
  while (parts_->root.ends_with('/')) parts_->root.pop_back();
}

ObjectStore::~ObjectStore() = default;

std::vector<StoredObject> ObjectStore::list() const {
  const auto info = value_of(parts_->files->GetFileInfo(parts_->root), parts_->url);
  if (info.IsFile()) return {{"", info.size(), nanoseconds(info)}};
  arrow::fs::FileSelector selector;
  selector.base_dir = parts_->root;
  selector.recursive = true;
  selector.allow_not_found = true;
  std::vector<StoredObject> objects;
  for (const auto& found : value_of(parts_->files->GetFileInfo(selector), parts_->url))
    if (found.IsFile())
      objects.push_back({found.path().substr(parts_->root.size() + 1), found.size(), nanoseconds(found)});
  std::sort(objects.begin(), objects.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
  return objects;
}

void ObjectStore::download(const StoredObject& object, const std::filesystem::path& file) const {
  make_folder(file.parent_path());
  check(with_attempts([&]() -> arrow::Status {
          AtomicFile target(file);
          ARROW_RETURN_NOT_OK(as_status(parts_->copy_down(object.name, target), object.byte_count));
          target.publish();
          return arrow::Status::OK();
        }),
        parts_->url_of(object.name));
}

StoredObject ObjectStore::upload(const std::filesystem::path& file, const std::string& name) const {
  const std::string url = parts_->url_of(name);
  // A local folder needs its parents; an object store has none.
  if (parts_->files->type_name() == "local")
    check(parts_->files->CreateDir(fs::path(parts_->path_of(name)).parent_path().string()), url);
  check(with_attempts([&] { return parts_->copy_up(file, name); }), url);
  const auto info = value_of(parts_->files->GetFileInfo(parts_->path_of(name)), url);
  return {name, info.size(), nanoseconds(info)};
}

// Arrow keeps the folder of a removed object alive by an empty object; a folder without others is removed too.
void ObjectStore::remove(const std::string& name) const {
  check(parts_->files->DeleteFile(parts_->path_of(name)), parts_->url_of(name));
  const size_t slash = name.rfind('/');
  if (slash == std::string::npos) return;
  arrow::fs::FileSelector selector;
  selector.base_dir = parts_->path_of(name.substr(0, slash));
  selector.allow_not_found = true;
  if (value_of(parts_->files->GetFileInfo(selector), parts_->url_of(name)).empty())
    check(parts_->files->DeleteDir(selector.base_dir), parts_->url_of(name));
}

void close_object_stores() {
  if (uses_s3) (void)arrow::fs::FinalizeS3();
}

}  // namespace retort::store
#else
namespace retort::store {

struct ObjectStore::Parts {};

ObjectStore::ObjectStore(const std::string& url) {
  throw UserError(
      "`{}` is in an object store, but this program was built without them; build it with RETORT_PARQUET=ON", url);
}
ObjectStore::~ObjectStore() = default;
std::vector<StoredObject> ObjectStore::list() const { return {}; }
void ObjectStore::download(const StoredObject&, const std::filesystem::path&) const {}
StoredObject ObjectStore::upload(const std::filesystem::path&, const std::string&) const { return {}; }
void ObjectStore::remove(const std::string&) const {}
void close_object_stores() {}

}  // namespace retort::store
#endif
