#include "retort/store/store_url.h"

#include "retort/base/error.h"
#include "retort/base/folder.h"

namespace retort::store {

bool is_store_url(std::string_view text) { return text.starts_with("s3://") || text.starts_with("gs://"); }

StoreUrl parse_store_url(const std::string& text) {
  const size_t colon = text.find("://"), query = std::min(text.find('?'), text.size());
  StoreUrl url{text.substr(0, colon), text.substr(colon + 3, query - colon - 3), text.substr(query)};
  while (url.location.ends_with('/')) url.location.pop_back();
  const bool leads_out = ("/" + url.location + "/").find("/../") != std::string::npos;
  if (url.location.empty() || url.location.starts_with('/') || leads_out)
    throw UserError("`{}` must be {}://BUCKET/KEY, but is not", text, url.scheme);
  return url;
}

std::filesystem::path local_copy(const StoreUrl& url) {
  return user_cache_folder() / "object_stores" / url.scheme / url.location;
}

}  // namespace retort::store
