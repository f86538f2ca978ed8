// JSON of Java's loggers: Log4j's JsonLayout, Logback's JsonEncoder, JBoss LogManager.
import type { Fields, RecordFormat } from '../format.ts'

export const JAVA_RECORDS: readonly RecordFormat[] = [
  {
    kind: 'record',
    name: 'log4j2-json',
    title: "Log4j 2's JsonLayout",
    names: ['instant'],
    read: ({ instant, thrown, ...rest }) => ({ ...rest, timestamp: instant, ...readThrown(thrown) }),
    examples: [
      {
        text: '{"instant":{"epochSecond":1795946401,"nanoOfSecond":123000000},"thread":"main","level":"ERROR","loggerName":"com.shop.Cart","message":"declined","endOfBatch":false}',
        level: 'error',
        time: '2026-11-29T10:00:01.123Z',
        message: 'declined',
        source: 'com.shop.Cart',
        attributes: { thread: 'main' },
      },
      {
        text: '{"instant":{"epochSecond":1795946401,"nanoOfSecond":0},"level":"FATAL","loggerName":"com.shop.Cart","message":"lost","thrown":{"name":"java.lang.IllegalStateException","message":"closed","extendedStackTrace":[{"class":"com.shop.Cart","method":"pay","file":"Cart.java","line":42}]}}',
        level: 'fatal',
        time: '2026-11-29T10:00:01Z',
        message: 'lost',
        stack: 'java.lang.IllegalStateException: closed\n\tat com.shop.Cart.pay(Cart.java:42)',
      },
    ],
  },
  {
    kind: 'record',
    name: 'log4j-json-millis',
    title: 'Log4j 2 before 2.11: timeMillis',
    names: ['timeMillis'],
    read: ({ timeMillis, thrown, ...rest }) => ({ ...rest, timestamp: timeMillis, ...readThrown(thrown) }),
    examples: [
      {
        text: '{"timeMillis":1795946401123,"thread":"main","level":"WARN","loggerName":"com.shop.Cart","message":"slow","threadId":1}',
        level: 'warn',
        time: '2026-11-29T10:00:01.123Z',
        message: 'slow',
        source: 'com.shop.Cart',
      },
      {
        text: '{"timeMillis":1795946401123,"level":"ERROR","loggerName":"a.B","message":"m","thrown":{"name":"a.X","message":"y","extendedStackTrace":"a.X: y\\n\\tat a.B.c(B.java:1)"}}',
        level: 'error',
        time: '2026-11-29T10:00:01.123Z',
        message: 'm',
        stack: 'a.X: y\n\tat a.B.c(B.java:1)',
      },
    ],
  },
  {
    kind: 'record',
    name: 'java-logger-name',
    title: "Logback's JsonEncoder, JBoss, Quarkus, java.util.logging",
    names: ['loggerName'],
    read: readLoggerName,
    examples: [
      {
        text: '{"sequenceNumber":0,"timestamp":1795946401123,"nanoseconds":123456,"level":"ERROR","threadName":"main","loggerName":"com.shop.Cart","mdc":{"order":"7"},"message":"declined","throwable":{"className":"java.lang.IllegalStateException","message":"closed","stepArray":[{"className":"com.shop.Cart","methodName":"pay","fileName":"Cart.java","lineNumber":42}]}}',
        level: 'error',
        time: '2026-11-29T10:00:01.123Z',
        message: 'declined',
        source: 'com.shop.Cart',
        stack: 'java.lang.IllegalStateException: closed\n\tat com.shop.Cart.pay(Cart.java:42)',
        attributes: { mdc: { order: '7' } },
      },
      {
        text: '{"timestamp":"2026-11-29T11:00:01.123+01:00","sequence":9,"loggerClassName":"org.jboss.logging.Logger","loggerName":"com.shop.Cart","level":"ERROR","message":"declined","threadName":"executor-thread-1","exception":{"refId":1,"exceptionType":"java.io.IOException","message":"reset","frames":[{"class":"com.shop.Net","method":"read","line":7}]}}',
        level: 'error',
        time: '2026-11-29T10:00:01.123Z',
        message: 'declined',
        source: 'com.shop.Cart',
        stack: 'java.io.IOException: reset\n\tat com.shop.Net.read(Net.java:7)',
      },
      {
        text: '{"date":"2026-11-29T10:00:01.123Z","level":1000,"loggerName":"com.shop.Cart","message":"jul"}',
        level: 'error',
        time: '2026-11-29T10:00:01.123Z',
        message: 'jul',
        source: 'com.shop.Cart',
      },
    ],
  },
]

/** The name of the logger, and the exception of the two encoders that write it as an object. */
function readLoggerName({ loggerName, throwable, exception, ...rest }: Fields): Fields {
  const thrown = throwable ?? (isObject(exception) ? exception : undefined)
  const others = thrown === exception || exception === undefined ? {} : { exception }
  return { logger: loggerName, ...rest, ...others, ...readThrown(thrown) }
}

/** The stack of an exception that is written as an object, as Java prints it. */
function readThrown(thrown: unknown): Fields {
  if (typeof thrown === 'string') return { stack: thrown }
  if (!isObject(thrown)) return {}
  const text = thrown.extendedStackTrace
  if (typeof text === 'string') return { stack: text }
  const lines: string[] = []
  for (let cause: unknown = thrown; isObject(cause) && lines.length < MAX_STACK_LINES; cause = causeOf(cause)) {
    const name = cause.name ?? cause.className ?? cause.exceptionType ?? 'Throwable'
    const message = cause.message ?? cause.localizedMessage
    lines.push(
      `${lines.length > 0 ? 'Caused by: ' : ''}${String(name)}${message == null ? '' : `: ${String(message)}`}`,
    )
    const frames = cause.extendedStackTrace ?? cause.stepArray ?? cause.frames
    if (Array.isArray(frames)) lines.push(...frames.slice(0, MAX_STACK_LINES).map(readFrame))
  }
  return { stack: lines.join('\n') }
}

/** More lines of a stack tell no more. */
const MAX_STACK_LINES = 500

function causeOf(thrown: Fields): unknown {
  const { cause, causedBy } = thrown
  return isObject(causedBy) && isObject(causedBy.exception) ? causedBy.exception : (cause ?? causedBy)
}

function readFrame(frame: unknown): string {
  if (!isObject(frame)) return `\tat ${String(frame)}`
  const type = String(frame.class ?? frame.className ?? '')
  const file = frame.file ?? frame.fileName ?? `${type.slice(type.lastIndexOf('.') + 1)}.java`
  const line = frame.line ?? frame.lineNumber
  return `\tat ${type}.${String(frame.method ?? frame.methodName)}(${String(file)}:${String(line)})`
}

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
