// Parses a stack trace into its exception and frames, for the fingerprints of errors: Java, Python, Node, Go, Ruby, .NET,
// Rust and PHP.

/** A function with its file, without line numbers; `inApp` unless it belongs to a library or the language. */
export type Frame = { place: string; inApp: boolean }
export type StackTrace = { type: string; frames: readonly Frame[] }

const MAX_TEXT_LENGTH = 20_000
const MAX_LINE_LENGTH = 600
const MAX_FRAMES = 200

const typed =
  /^(?:Exception in thread "[^"]{0,100}" |Caused by: |Uncaught |Unhandled exception\. |\s*---> )?((?:[A-Za-z_][\w$]{0,80}[.:\\]{1,2}){0,12}(?:[A-Za-z_][\w$]{0,80})?(?:Error|Exception|Throwable|Fault|Interrupt|Exit|Warning))\b(?::|\s*$|\s?\()/
const go = /^(panic|fatal error): /
const rust = /^thread '[^']{0,100}'.{0,40} panicked at /
const elixir = /^\s*\*\* \(([\w.]{1,120})\) /
/** In a group of exceptions, the lines of the group itself. */
const pythonGroup = /^\s{0,8}\| ((?:[A-Za-z_]\w{0,80}\.){0,8}\w{0,80}(?:Error|Exception|Group)): /
const ruby = /\(((?:\w{1,60}::){0,6}\w{0,60}(?:Error|Exception))\)\s*$/

/** The shapes of a frame, and how each match becomes a place. */
const FRAMES: { shape: RegExp; place: (found: RegExpExecArray) => string }[] = [
  // at com.shop.Cart.pay(Cart.java:42)
  {
    shape:
      /^\s*at ([\w.$<>/@-]{1,300})\((?:[\w$]{1,100}\.(?:java|kt|scala|groovy)(?::\d+)?|Native Method|Unknown Source|[\w.]{1,100})\)/,
    place: found => found[1]!,
  },
  // at Shop.Cart.Pay(Int32 id) in /src/Cart.cs:line 42
  { shape: /^\s*at ([\w.`<>[\],+]{1,300})\([^)]{0,300}\)(?: in .{1,300}:line \d+)?\s*$/, place: found => found[1]! },
  // at pay (/app/cart.js:10:5), at async /app/x.js:1:1
  {
    shape:
      /^\s*at (?:async )?(?:([^()]{1,200}?) \()?((?:file:\/\/|node:|[A-Za-z]:\\|\/|\.|[\w@-])[^():]{0,300}|node:[^():]{1,100}):\d+(?::\d+)?\)?\s*$/,
    place: found => `${found[1] ?? ''} ${found[2]}`,
  },
  // File "/app/a.py", line 3, in pay
  {
    shape: /^\s*(?:\|\s{1,20})?File "([^"]{1,300})", line \d+, in (\S{1,200})/,
    place: found => `${found[2]} ${found[1]}`,
  },
  // from cart.rb:5:in `block in run'
  { shape: /^\s*(?:from )?(\S{1,300}\.rb):\d+:in [`'](.{1,200})'/, place: found => `${found[2]} ${found[1]}` },
  // main.(*Cart).pay(0xc000012345)
  { shape: /^([\w./-]{1,200}\.(?:\(\*?[\w.]{1,100}\)\.)?[\w.[\]·-]{1,200})\(.*\)\s*$/, place: found => found[1]! },
  // 1: cart::pay
  { shape: /^\s*\d+: ([\w:<>&', {}-]{1,300}?)(?:::h[0-9a-f]{16})?\s*$/, place: found => found[1]! },
  // (shop 0.1.0) lib/shop/cart.ex:10: Shop.Cart.pay/1
  {
    shape: /^\s*\([\w.]{1,80} [\w.+-]{1,60}\) (\S{1,300}\.(?:ex|exs|erl)):\d+: (\S{1,200}\/\d+)/,
    place: found => `${found[2]} ${found[1]}`,
  },
  // #0 /a.php(5): Shop\Cart->pay()
  { shape: /^#\d+ (\S{1,300}\.php)\(\d+\): ([\w\\>:-]{1,200})/, place: found => `${found[2]} ${found[1]}` },
]

/** The places of standard libraries, and of packages installed by package managers. */
const LIBRARY_CODE =
  /node_modules|node:|site-packages|dist-packages|lib\/python|\/gems\/|\/rubygems\/|\/vendor\/|\/usr\/lib|\/rustc\/|\.cargo|pkg\/mod|<frozen|<internal|^(?:java|javax|jdk|sun|com\.sun|kotlin|scala|org\.(?:springframework|apache|hibernate|jboss|junit|eclipse)|io\.netty|reactor|System|Microsoft|std|core|alloc|rust_begin_unwind|tokio|runtime|net\/http|testing|panic|created by)\b/

/** The trace in a text, innermost frame first; null when the text has neither a type nor frames. */
export function readStack(text: string): StackTrace | null {
  const python = text.includes('Traceback (most recent call last)') && !text.includes('Exception Group Traceback')
  let type = ''
  const frames: Frame[] = []
  for (const line of text.slice(0, MAX_TEXT_LENGTH).split('\n')) {
    const head = line.slice(0, MAX_LINE_LENGTH)
    const frame = readFrame(head)
    if (frame) frames.push(frame)
    // Python names the exception last, all others first, and its causes after it.
    else if (python || type === '') type = readType(head) || type
    if (frames.length === MAX_FRAMES) break
  }
  if (type === '' && frames.length === 0) return null
  return { type, frames: python ? frames.reverse() : frames }
}

function readType(line: string): string {
  return (
    typed.exec(line)?.[1] ??
    ruby.exec(line)?.[1] ??
    elixir.exec(line)?.[1] ??
    pythonGroup.exec(line)?.[1] ??
    go.exec(line)?.[1] ??
    (rust.test(line) ? 'panic' : '')
  )
}

function readFrame(line: string): Frame | null {
  for (const { shape, place } of FRAMES) {
    const found = shape.exec(line)
    if (!found) continue
    const text = place(found).trim()
    return { place: stableName(text), inApp: !LIBRARY_CODE.test(text) }
  }
  return null
}

/** The place without what changes with every build: numbers of lambdas and closures, hashes in file names, outer folders. */
function stableName(place: string): string {
  return place
    .replace(/\S*[\\/]([^\\/\s]+[\\/][^\\/\s]+)$/, '$1')
    .replace(/\$\$?(?:Lambda|EnhancerBy\w+|FastClassBy\w+|Proxy)[\w$/.@]{0,100}/g, '$lambda')
    .replace(/\/0x[0-9a-f]+|0x[0-9a-f]+|(?<=[.$])\d+|(?<=func)\d+/g, '')
    .replace(/[.-][0-9a-f]{8,40}(?=\.\w{1,4}$)/, '')
}
