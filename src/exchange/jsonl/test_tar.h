#pragma once
// For tests: tar archives as an honest script, or a hostile one, could have made them.
#include <cstring>
#include <string>

namespace lifeboat::exchange::jsonl {

class TarMaker {
 public:
  TarMaker& file(const std::string& name, const std::string& content) {
    add_header(name, '0', content.size(), "");
    text_ += content;
    text_.append((kBlock - content.size() % kBlock) % kBlock, '\0');
    return *this;
  }
  TarMaker& folder(const std::string& name) { return add_header(name, '5', 0, ""); }
  TarMaker& link(const std::string& name, const std::string& target) {
    return add_header(name, '2', 0, target);
  }
  // Another name of a file that is there.
  TarMaker& name(const std::string& name, const std::string& existing) {
    return add_header(name, '1', 0, existing);
  }
  TarMaker& device(const std::string& name) { return add_header(name, '3', 0, ""); }

  std::string text() const { return text_ + std::string(2 * kBlock, '\0'); }

 private:
  static constexpr std::size_t kBlock = 512;

  static void put(std::string& header, std::size_t at, const std::string& value) {
    header.replace(at, value.size(), value);
  }
  static std::string octal(std::size_t value, std::size_t digits) {
    std::string text(digits, '0');
    for (auto at = digits; value != 0; value /= 8) text[--at] = static_cast<char>('0' + value % 8);
    return text;
  }

  TarMaker& add_header(const std::string& name, char kind, std::size_t size,
                       const std::string& target) {
    std::string header(kBlock, '\0');
    put(header, 0, name);
    put(header, 100, "0000644");
    put(header, 108, "0000000");
    put(header, 116, "0000000");
    put(header, 124, octal(size, 11));
    put(header, 136, octal(1'700'000'000, 11));
    put(header, 148, "        ");
    header[156] = kind;
    put(header, 157, target);
    put(header, 257,
        std::string("ustar\0"
                    "00",
                    8));
    std::size_t sum = 0;
    for (const char c : header) sum += static_cast<unsigned char>(c);
    put(header, 148, octal(sum, 6) + std::string("\0 ", 2));
    text_ += header;
    return *this;
  }

  std::string text_;
};

}  // namespace lifeboat::exchange::jsonl
