#pragma once
// The style of the drill's page: readable on a phone, on paper and in the dark. A constant.
#include <string_view>

namespace lifeboat::drill {

inline constexpr std::string_view kPageStyle = R"css(
:root{--ink:#1b1f24;--dim:#57606a;--paper:#fff;--line:#d8dee4;
--good:#1a7f37;--bad:#b3261e;--open:#9a6700}
@media (prefers-color-scheme:dark){:root{--ink:#e6edf3;--dim:#9198a1;--paper:#0d1117;--line:#30363d;
--good:#3fb950;--bad:#ff7b72;--open:#d29922}}
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.5 system-ui,sans-serif}
main{max-width:60rem;margin:0 auto;padding:1rem}
header{border-left:.5rem solid var(--open);padding:.5rem 1rem;margin:1rem 0}
header.proven{border-color:var(--good)}header.failed{border-color:var(--bad)}
h1{margin:.2rem 0;font-size:1.5rem}h2{margin:1.6rem 0 .4rem;font-size:1.1rem}
.verdict{margin:0;text-transform:uppercase;letter-spacing:.08em;font-weight:700}
.proven .verdict,b.passed,b.met{color:var(--good)}
.failed .verdict,b.failed,b.missed{color:var(--bad)}
.unverified .verdict,b.not_run,b.warned,b.not_judged{color:var(--open)}
dl{display:grid;grid-template-columns:repeat(auto-fit,minmax(15rem,1fr));
gap:.6rem 1.5rem;margin:1rem 0}
dt{color:var(--dim);font-size:.85rem}dd{margin:0;overflow-wrap:anywhere}
table{width:100%;border-collapse:collapse}th{text-align:left;font-weight:500;padding-right:.5rem}
td.time{white-space:nowrap;text-align:right;padding-right:.6rem;color:var(--dim)}
td.bar{width:65%}td.bar span{display:block;height:.8rem;border-radius:2px;background:var(--good)}
tr.stopped td.bar span{background:var(--bad)}tr.not_run{color:var(--dim)}
ul{padding-left:1.2rem}ul.checks{list-style:none;padding:0}
ul.checks li{border-top:1px solid var(--line);padding:.5rem 0}ul.checks p{margin:.1rem 0}
.proves{color:var(--dim);font-size:.9rem}
code{font:.9em ui-monospace,monospace;overflow-wrap:anywhere}
footer{border-top:1px solid var(--line);margin-top:2rem;color:var(--dim);font-size:.85rem}
@media print{body{font-size:11pt}details{display:block}}
)css";

}  // namespace lifeboat::drill
