#include <fmt/format.h>

#include <algorithm>

#include "net/mail.h"
#include "notify/kinds.h"
#include "notify/scrub.h"

namespace lifeboat::notify {
namespace {

constexpr std::size_t kLongestSubject = 150;
constexpr std::size_t kEncodedLine = 76;  // RFC 2045, 6.8
constexpr std::size_t kEncodedWord = 42;  // bytes of which base64 makes a word of at most 75

// RFC 2047: letters beyond ASCII in a header, in words that are not cut within a letter.
std::string header_text(std::string_view text) {
  const auto plain = [](char letter) { return letter >= ' ' && letter <= '~'; };
  if (std::ranges::all_of(text, plain)) return std::string(text);
  std::string words;
  while (!text.empty()) {
    auto size = std::min(text.size(), kEncodedWord);
    while (size < text.size() && size > 1 &&
           (static_cast<unsigned char>(text[size]) & 0xC0U) == 0x80U)
      --size;
    words += (words.empty() ? "=?UTF-8?B?" : "\r\n =?UTF-8?B?") +
             to_base64(view_of(text.substr(0, size))) + "?=";
    text.remove_prefix(size);
  }
  return words;
}

// RFC 5322, 3.3: always English, whatever the machine's language.
std::string mail_date(Time time) {
  static constexpr std::array<const char*, 7> kDays{"Sun", "Mon", "Tue", "Wed",
                                                    "Thu", "Fri", "Sat"};
  static constexpr std::array<const char*, 12> kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                       "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::weekday weekday(day);
  const std::chrono::hh_mm_ss clock(std::chrono::floor<std::chrono::seconds>(time - day));
  return fmt::format("{}, {:02} {} {} {:02}:{:02}:{:02} +0000", kDays[weekday.c_encoding()],
                     static_cast<unsigned>(date.day()),
                     kMonths[static_cast<unsigned>(date.month()) - 1],
                     static_cast<int>(date.year()), clock.hours().count(), clock.minutes().count(),
                     clock.seconds().count());
}

std::string encoded_lines(const std::string& text) {
  std::string lines;
  const auto encoded = to_base64(view_of(text));
  for (std::size_t at = 0; at < encoded.size(); at += kEncodedLine)
    lines += encoded.substr(at, kEncodedLine) + "\r\n";
  return lines;
}

std::string domain_of(const std::string& address) {
  const auto at = address.rfind('@');
  return at == std::string::npos ? "localhost" : address.substr(at + 1);
}

std::string joined(const std::vector<std::string>& all) {
  std::string text;
  for (const auto& each : all) text += (text.empty() ? "" : ",\r\n ") + each;
  return text;
}

class Email final : public Notifier {
 public:
  explicit Email(Options options) : options_(std::move(options)) {}
  Result<std::string> send(const Notice& notice, Duration limit,
                           const RunContext& context) override {
    const net::MailServer server{options_.server, options_.tls, options_.ca_file, options_.user,
                                 options_.password.clone()};
    const auto sent =
        net::send_mail(server, {options_.from, options_.to, mail_text(notice)}, limit, context);
    const auto clean = [&](const std::string& text) {
      auto password = to_text(options_.password.view());
      auto line = one_line(without(text, password), kLongestAnswer);
      wipe(password);
      return line;
    };
    if (sent) return clean(*sent);
    const auto& error = sent.error();
    Error said(error.code(), clean(error.describe()));
    if (!error.hint().empty()) said.with_hint(std::string(error.hint()));
    const bool may_pass = error.code() == Code::unavailable || error.code() == Code::timed_out;
    return may_pass ? fail(std::move(said).as_retryable()) : fail(std::move(said));
  }

 private:
  std::string mail_text(const Notice& notice) const {
    const auto subject = header_text(one_line(headline(notice), kLongestSubject));
    return fmt::format(
        "Date: {}\r\nFrom: {}\r\nTo: {}\r\nSubject: {}\r\nMessage-ID: <{}@{}>\r\n"
        "Auto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\n"
        "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n{}",
        mail_date(notice.time), options_.from, joined(options_.to), subject, notice.id,
        domain_of(options_.from), encoded_lines(text_of(notice) + "\n"));
  }

  Options options_;
};

}  // namespace

std::unique_ptr<Notifier> make_email(Options options) {
  return std::make_unique<Email>(std::move(options));
}

}  // namespace lifeboat::notify
