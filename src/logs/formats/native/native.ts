// C++, Swift, Perl, Julia and Qt: crashes, spdlog, Boost.Log, swift-log, Log4perl.
import type { TextFormat } from '../format.ts'
import { REST } from '../words.ts'

export const NATIVE: readonly TextFormat[] = [
  {
    kind: 'text',
    name: 'cpp-terminate',
    title: 'C++: terminate called, and uncaught signals',
    after: 'start',
    first: 'A-Za-z*',
    pattern:
      /^(?<message>(?:terminate called (?:after throwing|without)|libc\+\+abi: terminating|(?:Segmentation|Bus|General protection) (?:fault|error)\b|Abort(?:ed)?(?: trap: \d{1,2}| \(core dumped\))|(?:Illegal instruction|Floating point exception)(?:: \d{1,2}| \(core dumped\))|\*\*\* (?:Error in `|stack smashing detected|buffer overflow detected)|(?:double free or corruption|free\(\): |malloc\(\): |munmap_chunk\(\): |corrupted (?:size|double-linked list)|malloc_consolidate\(\): )|[\w./-]{1,60}: [\w./-]{1,120}:\d{1,7}: .{1,400}: Assertion .{1,400} failed\.$|Assertion failed: ).*)$/s,
    level: 'fatal',
    examples: [
      {
        text: "terminate called after throwing an instance of 'std::runtime_error'\n  what():  no stock",
        level: 'fatal',
        time: null,
        message: "terminate called after throwing an instance of 'std::runtime_error'",
        stack: '  what():  no stock',
      },
      {
        text: 'libc++abi: terminating due to uncaught exception of type std::runtime_error: no stock',
        level: 'fatal',
        time: null,
        message: 'libc++abi: terminating due to uncaught exception of type std::runtime_error: no stock',
      },
      {
        text: 'Segmentation fault (core dumped)',
        level: 'fatal',
        time: null,
        message: 'Segmentation fault (core dumped)',
      },
      {
        text: "*** Error in `./shop': double free or corruption (fasttop): 0x0000000001f7d010 ***",
        level: 'fatal',
        time: null,
        message: "*** Error in `./shop': double free or corruption (fasttop): 0x0000000001f7d010 ***",
      },
      {
        text: '*** stack smashing detected ***: terminated',
        level: 'fatal',
        time: null,
        message: '*** stack smashing detected ***: terminated',
      },
      {
        text: 'free(): double free detected in tcache 2',
        level: 'fatal',
        time: null,
        message: 'free(): double free detected in tcache 2',
      },
      { text: 'Aborted (core dumped)', level: 'fatal', time: null, message: 'Aborted (core dumped)' },
      { text: 'Abort trap: 6', level: 'fatal', time: null, message: 'Abort trap: 6' },
      {
        text: "shop: src/cart.c:42: pay: Assertion `total > 0' failed.",
        level: 'fatal',
        time: null,
        message: "shop: src/cart.c:42: pay: Assertion `total > 0' failed.",
      },
    ],
  },
  {
    kind: 'text',
    name: 'sanitizer',
    title: 'AddressSanitizer and its kin',
    after: 'start',
    first: '=',
    has: '==',
    pattern: /^==(?<pid>\d{1,8})==\s?(?<level>ERROR|WARNING): (?<message>\w{4,30}Sanitizer: .*)$/s,
    examples: [
      {
        text: '==7==ERROR: AddressSanitizer: heap-use-after-free on address 0x602000000010\n    #0 0x4f6a in main /src/a.cc:5',
        level: 'error',
        time: null,
        message: 'AddressSanitizer: heap-use-after-free on address 0x602000000010',
        stack: '    #0 0x4f6a in main /src/a.cc:5',
      },
    ],
  },
  {
    kind: 'text',
    name: 'swift-fatal',
    title: 'Swift: Fatal error',
    after: 'start',
    first: 'A-Za-z/',
    has: 'Fatal error: ',
    pattern: /^(?:(?<caller>[\w./-]{1,200}\.swift:\d{1,7}): )?(?<message>Fatal error: (?!Uncaught ).*)$/s,
    level: 'fatal',
    isGeneral: true,
    examples: [
      {
        text: 'Fatal error: Index out of range: file Swift/ContiguousArrayBuffer.swift, line 600',
        level: 'fatal',
        time: null,
        message: 'Fatal error: Index out of range: file Swift/ContiguousArrayBuffer.swift, line 600',
      },
      {
        text: 'Shop/Cart.swift:42: Fatal error: Unexpectedly found nil while unwrapping an Optional value',
        level: 'fatal',
        time: null,
        message: 'Fatal error: Unexpectedly found nil while unwrapping an Optional value',
        attributes: { caller: 'Shop/Cart.swift:42' },
      },
    ],
  },
  {
    kind: 'text',
    name: 'swift-log',
    title: 'swift-log: time level label : message',
    after: 'time',
    first: 'a-z',
    has: ' : ',
    pattern: new RegExp(
      String.raw`^(?<level>trace|debug|info|notice|warning|error|critical) (?<logger>[\w.-]{1,150}) ?: (?:(?<metadata>[\w.]{1,60}=\S{1,200}(?: [\w.]{1,60}=\S{1,200}){0,10}) )?(?:\[(?<module>\w{1,80})\] )?${REST}`,
      's',
    ),
    examples: [
      {
        text: '2026-11-29T10:00:01+0000 error com.shop.cart : [Cart] no stock',
        level: 'error',
        time: '2026-11-29T10:00:01Z',
        message: 'no stock',
        attributes: { logger: 'com.shop.cart', module: 'Cart' },
      },
      {
        text: '2026-11-29T11:00:01+0100 warning shop : order=7 [Cart] slow',
        level: 'warn',
        time: '2026-11-29T10:00:01Z',
        message: 'slow',
      },
    ],
  },
  {
    kind: 'text',
    name: 'vapor',
    title: 'Vapor: [ LEVEL ] message',
    after: 'start',
    first: '[',
    has: ' ]',
    pattern: new RegExp(String.raw`^\[ (?<level>TRACE|DEBUG|INFO|NOTICE|WARNING|ERROR|CRITICAL) \] ${REST}`, 's'),
    examples: [
      {
        text: '[ ERROR ] no stock [request-id: 7] (Shop/Cart.swift:42)',
        level: 'error',
        time: null,
        message: 'no stock [request-id: 7] (Shop/Cart.swift:42)',
      },
    ],
  },
  {
    kind: 'text',
    name: 'log4perl',
    title: 'Log4perl: LEVEL> file:line place - message',
    after: 'time',
    first: 'A-Z',
    has: '> ',
    pattern: new RegExp(
      String.raw`^(?<level>TRACE|DEBUG|INFO|WARN|ERROR|FATAL)> (?<caller>[\w.\/-]{1,150}:\d{1,7}) (?<logger>\S{1,120}) - ${REST}`,
      's',
    ),
    examples: [
      {
        text: '2026/11/29 10:00:01 ERROR> cart.pl:42 main::pay - no stock',
        level: 'error',
        time: '2026-11-29T10:00:01Z',
        message: 'no stock',
        attributes: { caller: 'cart.pl:42', logger: 'main::pay' },
      },
    ],
  },
  {
    kind: 'text',
    name: 'perl-die',
    title: 'Perl: die and warn',
    after: 'start',
    first: '\\w',
    has: ' line ',
    pattern:
      /^(?<message>[^\n]{1,380} at (?<caller>\S{1,200}\.(?:pl|pm|t|cgi|psgi) line \d{1,7})(?:, <\w{1,20}> (?:line|chunk) \d{1,9})?\.)$/,
    level: 'error',
    examples: [
      {
        text: 'no stock at /app/cart.pl line 42.\n\tmain::pay(7) called at /app/main.pl line 5',
        level: 'error',
        time: null,
        message: 'no stock at /app/cart.pl line 42.',
        stack: '\tmain::pay(7) called at /app/main.pl line 5',
      },
    ],
  },
  {
    kind: 'text',
    name: 'julia',
    title: "Julia's logging: a block with lines at its left",
    after: 'start',
    first: '\u2500-\uffff',
    has: '┌ ',
    pattern: /^┌ (?<level>Debug|Info|Warning|Error): (?<message>.*)$/s,
    examples: [
      {
        text: '┌ Error: no stock\n│   order = 7\n└ @ Main cart.jl:42\nnext',
        level: 'error',
        time: null,
        message: 'no stock',
        stack: '│   order = 7\n└ @ Main cart.jl:42',
      },
    ],
  },
  {
    kind: 'text',
    name: 'chromium',
    title: 'Chromium, Electron, Flutter: [pid:thread:time:LEVEL:file(line)] message',
    after: 'start',
    first: '[',
    has: '] ',
    pattern:
      /^\[(?<pid>\d{1,8}):(?<thread>\d{1,20}):\d{4}\/\d{6}\.\d{1,6}:(?<level>VERBOSE\d?|INFO|WARNING|ERROR|FATAL):(?<caller>[\w./]{1,150}[(:]\d{1,7}\)?)\] (?<message>.*)$/s,
    examples: [
      {
        text: '[7:8:1129/100001.123456:ERROR:gpu_process_host.cc(42)] GPU process exited',
        level: 'error',
        time: null,
        message: 'GPU process exited',
        attributes: { caller: 'gpu_process_host.cc(42)' },
      },
    ],
  },
]
