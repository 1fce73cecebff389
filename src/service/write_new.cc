#include "service/write_new.h"

#include <fcntl.h>

#include "base/file.h"

namespace lifeboat::service {

Result<void> write_new(const std::filesystem::path& file, std::string_view text) {
  const auto opened = TRY(open_file(file, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0600));
  TRY(write_at(opened.get(), 0, view_of(text)));
  TRY(sync_descriptor(opened.get()));
  return sync_directory(std::filesystem::absolute(file).parent_path());
}

}  // namespace lifeboat::service
