// The calibration of a restore: creates the files of a tree again with whole-file writes and
// nothing else, by one or two threads. What a restore takes longer than this is its own doing.
//
// bare_copy SOURCE TARGET THREADS [sync]
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace {

namespace fs = std::filesystem;

struct File {
  std::string from;
  std::string to;
  std::size_t size = 0;
};

struct Tree {
  std::vector<File> files;
  std::vector<std::pair<std::string, std::string>> links;  // of hard links: existing, new
};

[[noreturn]] void give_up(const std::string& what) {
  std::perror(what.c_str());
  std::exit(1);
}

// Folders and symbolic links are made at once; files are only listed.
class Walk {
 public:
  Tree run(const fs::path& source, const fs::path& target) {
    fs::create_directories(target);
    auto options = fs::directory_options::none;
    for (const auto& entry : fs::recursive_directory_iterator(source, options))
      visit(entry, (target / entry.path().lexically_relative(source)).string());
    return std::move(tree_);
  }

 private:
  void visit(const fs::directory_entry& entry, const std::string& to) {
    if (entry.is_symlink())
      fs::create_symlink(fs::read_symlink(entry.path()), to);
    else if (entry.is_directory())
      fs::create_directory(to);
    else if (entry.is_regular_file())
      add_file(entry.path().string(), to);
  }

  void add_file(const std::string& from, const std::string& to) {
    struct stat status{};
    if (::lstat(from.c_str(), &status) != 0) give_up(from);
    if (status.st_nlink > 1) {
      const auto [first, is_new] = first_names_.try_emplace({status.st_dev, status.st_ino}, to);
      if (!is_new) {
        tree_.links.emplace_back(first->second, to);
        return;
      }
    }
    tree_.files.push_back({from, to, static_cast<std::size_t>(status.st_size)});
  }

  Tree tree_;
  std::map<std::pair<dev_t, ino_t>, std::string> first_names_;
};

void read_whole(const File& file, std::vector<char>& bytes) {
  const int from = ::open(file.from.c_str(), O_RDONLY | O_CLOEXEC);
  if (from < 0) give_up(file.from);
  if (bytes.size() < file.size) bytes.resize(file.size);
  for (std::size_t at = 0; at < file.size;) {
    const auto got = ::read(from, bytes.data() + at, file.size - at);
    if (got <= 0) give_up(file.from);
    at += static_cast<std::size_t>(got);
  }
  ::close(from);
}

void write_whole(const File& file, const std::vector<char>& bytes) {
  const int to = ::open(file.to.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
  if (to < 0) give_up(file.to);
  for (std::size_t at = 0; at < file.size;) {
    const auto written = ::write(to, bytes.data() + at, file.size - at);
    if (written <= 0) give_up(file.to);
    at += static_cast<std::size_t>(written);
  }
  if (::close(to) != 0) give_up(file.to);
}

void copy_files(const std::vector<File>& files, unsigned threads) {
  std::atomic<std::size_t> next{0};
  const auto work = [&] {
    std::vector<char> bytes;
    for (auto i = next++; i < files.size(); i = next++) {
      read_whole(files[i], bytes);
      write_whole(files[i], bytes);
    }
  };
  std::vector<std::thread> others;
  for (unsigned i = 1; i < threads; ++i) others.emplace_back(work);
  work();
  for (auto& other : others) other.join();
}

// A restore that says "done" has made its files durable; the calibration can be asked for it too.
void make_durable(const std::string& target) {
  const int folder = ::open(target.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder < 0 || ::syncfs(folder) != 0) give_up(target);
  ::close(folder);
}

}  // namespace

int main(int count, char** words) {
  if (count < 4) {
    std::fputs("bare_copy SOURCE TARGET THREADS [sync]\n", stderr);
    return 3;
  }
  const auto tree = Walk().run(words[1], words[2]);
  copy_files(tree.files, static_cast<unsigned>(std::atoi(words[3])));
  for (const auto& [existing, name] : tree.links) fs::create_hard_link(existing, name);
  if (count > 4) make_durable(words[2]);
  return 0;
}
