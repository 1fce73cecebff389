#include "drill/render/junit.h"

#include <fmt/format.h>

namespace lifeboat::drill {
namespace {

// XML 1.0 has no way to write most control characters, nor U+FFFE and U+FFFF.
std::string escaped_xml(std::string_view text) {
  std::string safe;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '&') {
      safe += "&amp;";
    } else if (c == '<') {
      safe += "&lt;";
    } else if (c == '>') {
      safe += "&gt;";
    } else if (c == '"') {
      safe += "&quot;";
    } else if (static_cast<unsigned char>(c) < 0x20) {
      safe += ' ';
    } else if (text.substr(i, 3) == "\xEF\xBF\xBE" || text.substr(i, 3) == "\xEF\xBF\xBF") {
      safe += "\xEF\xBF\xBD";
      i += 2;
    } else {
      safe += c;
    }
  }
  return safe;
}

enum class Shown : std::uint8_t { passed, failure, error, skipped };

class Suite {
 public:
  explicit Suite(std::string name) : name_(std::move(name)) {}

  void add(const std::string& name, std::int64_t milliseconds, Shown result,
           const std::string& message) {
    ++tests_;
    milliseconds_ += milliseconds;
    body_ += fmt::format("  <testcase classname=\"{}\" name=\"{}\" time=\"{:.3f}\"", name_,
                         escaped_xml(name), static_cast<double>(milliseconds) / 1000);
    if (result == Shown::passed) {
      body_ += "/>\n";
      return;
    }
    const char* tag = result == Shown::failure ? "failure"
                      : result == Shown::error ? "error"
                                               : "skipped";
    ++counts_[static_cast<std::size_t>(result)];
    body_ += fmt::format(">\n    <{} message=\"{}\"/>\n  </testcase>\n", tag, escaped_xml(message));
  }

  std::string text(const std::string& timestamp) const {
    return fmt::format(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
        "<testsuite name=\"{}\" tests=\"{}\" failures=\"{}\" errors=\"{}\" skipped=\"{}\" "
        "time=\"{:.3f}\" timestamp=\"{}\">\n{}</testsuite>\n",
        name_, tests_, counts_[1], counts_[2], counts_[3],
        static_cast<double>(milliseconds_) / 1000, escaped_xml(timestamp), body_);
  }

 private:
  std::string name_;
  std::string body_;
  std::size_t tests_ = 0;
  std::size_t counts_[4] = {0, 0, 0, 0};
  std::int64_t milliseconds_ = 0;
};

Shown shown_as(const std::string& outcome) {
  if (outcome == "passed" || outcome == "warned") return Shown::passed;
  if (outcome == "failed") return Shown::failure;
  return outcome == "waived" ? Shown::skipped : Shown::error;
}

Shown verdict_of(const Json& evidence) {
  switch (tone_of(evidence)) {
    case Tone::good:
    case Tone::waived:
      return Shown::passed;
    case Tone::bad:
      return Shown::failure;
    case Tone::open:
      break;
  }
  return Shown::error;
}

// An objective that nobody set is no question.
void add_objective(Suite& suite, const Json& evidence, const char* name) {
  const auto& measure = object_in(object_in(evidence, "measures"), name);
  if (!measure.contains("objective_ms")) return;
  const auto judgement = text_in(measure, {"judgement"});
  const auto result = judgement == "met"      ? Shown::passed
                      : judgement == "missed" ? Shown::failure
                                              : Shown::error;
  suite.add(std::string("objective.") + name, 0, result, objective_in(evidence, name));
}

}  // namespace

std::string render_junit(const Dossier& dossier) {
  const Json& evidence = dossier.record.evidence;
  Suite suite(escaped_xml("lifeboat." + text_in(evidence, {"service"}) + "." +
                          text_in(evidence, {"drill"})));
  suite.add("verdict", 0, verdict_of(evidence),
            text_in(evidence, {"verdict"}) + ": " + text_in(evidence, {"reason"}));
  for (const auto& check : list_in(evidence, "checks"))
    suite.add(text_in(check, {"id"}), number_in(check, "milliseconds"),
              shown_as(text_in(check, {"outcome"})),
              text_in(check, {"message"}) + " " + text_in(check, {"waived"}));
  add_objective(suite, evidence, "rto");
  add_objective(suite, evidence, "rpo");
  return suite.text(text_in(evidence, {"started"}));
}

}  // namespace lifeboat::drill
