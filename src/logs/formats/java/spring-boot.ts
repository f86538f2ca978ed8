// Spring Boot's console and files.
import type { TextFormat } from '../format.ts'
import { LEVEL, REST } from '../words.ts'

export const SPRING_BOOT: readonly TextFormat[] = [
  {
    kind: 'text',
    name: 'spring-boot',
    title: 'Spring Boot (Logback)',
    after: 'time',
    first: 'A-Z ',
    has: ' --- [',
    // Application, trace and span stand in brackets before the number of the process or around the thread, by version.
    pattern: new RegExp(
      String.raw`^ ?${LEVEL} {1,4}(?<pid>\d{1,8}|\$\{[^}]{0,60}\}) --- (?:\[(?<application>[^\]]{1,100})\] (?=\[))?\[ {0,40}(?<thread>[^\]]{1,120})\] (?:\[ {0,60}(?:(?<trace_id>[0-9a-f]{16,32})-(?<span_id>[0-9a-f]{16}))?\] ?)?(?<logger>\S{1,120}) {0,60}: ${REST}`,
      's',
    ),
    examples: [
      {
        text: '2026-11-29 10:00:01.123 ERROR 7 --- [nio-8080-exec-1] c.s.CartController                       : no stock',
        level: 'error',
        time: '2026-11-29T10:00:01.123Z',
        message: 'no stock',
        attributes: { pid: 7, thread: 'nio-8080-exec-1', logger: 'c.s.CartController' },
      },
      {
        text: '2026-11-29T11:00:01.123+01:00  INFO 7 --- [           main] o.s.b.w.embedded.tomcat.TomcatWebServer  : Tomcat started on port 8080 (http)',
        level: 'info',
        time: '2026-11-29T10:00:01.123Z',
        message: 'Tomcat started on port 8080 (http)',
        attributes: { thread: 'main', logger: 'o.s.b.w.embedded.tomcat.TomcatWebServer' },
      },
      {
        text: '2026-11-29T10:00:01.123Z ERROR 7 --- [shop] [nio-8080-exec-1] [0123456789abcdef0123456789abcdef-0123456789abcdef] c.s.CartController : Servlet.service() failed\n\njava.lang.IllegalStateException: closed\n\tat com.shop.Cart.pay(Cart.java:42)',
        level: 'error',
        time: '2026-11-29T10:00:01.123Z',
        message: 'Servlet.service() failed',
        stack: 'java.lang.IllegalStateException: closed\n\tat com.shop.Cart.pay(Cart.java:42)',
        attributes: { application: 'shop', thread: 'nio-8080-exec-1' },
      },
    ],
  },
  {
    kind: 'text',
    name: 'spring-sleuth',
    title: 'Spring Boot with Sleuth or Micrometer Tracing: LEVEL [application,trace,span]',
    after: 'time',
    first: 'A-Z ',
    has: '] ',
    pattern: new RegExp(
      String.raw`^ ?${LEVEL} {1,4}\[(?<application>[\w.-]{0,80}),(?<trace_id>[0-9a-f]{0,32}),(?<span_id>[0-9a-f]{0,16})[^\]]{0,20}\] (?:(?<pid>\d{1,8}) --- )?\[ {0,40}(?<thread>[^\]]{1,120})\] (?<logger>\S{1,120}) {0,60}: ${REST}`,
      's',
    ),
    examples: [
      {
        text: '2026-11-29 10:00:01.123  WARN [shop,0123456789abcdef,0123456789abcdef] 7 --- [nio-8080-exec-1] c.s.Cart : slow',
        level: 'warn',
        time: '2026-11-29T10:00:01.123Z',
        message: 'slow',
        attributes: { application: 'shop' },
      },
    ],
  },
]
