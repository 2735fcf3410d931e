// Object stores in place of paths: every setting of a command may be s3://BUCKET/KEY or gs://BUCKET/KEY. Inputs are
// fetched into the user's cache folder once; output folders and files are written there and stored while the command
// runs and when it ends. Logs, settings and results show the URL.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "retort/base/fields.h"

namespace retort::store {

class FolderMirror;

class RemotePaths {
 public:
  // Replaces the URLs in `list` by local paths. Only one process of a run stores its outputs: `uploads` tells whether
  // it is this one, and is asked only where an output is a URL. Throws UserError that names the flag when an input is
  // missing or a store refuses.
  explicit RemotePaths(
      FieldList& list, bool (*uploads)() = [] { return true; });
  // Stores what is left after an error or a signal; a failure is logged.
  ~RemotePaths();
  RemotePaths(const RemotePaths&) = delete;
  RemotePaths& operator=(const RemotePaths&) = delete;

  // Stores everything that was written; throws UserError when a store does not take it.
  void finish();

 private:
  void replace(const Field& field, std::string& value, bool (*uploads)());

  std::vector<std::unique_ptr<FolderMirror>> mirrors_;
};

}  // namespace retort::store
