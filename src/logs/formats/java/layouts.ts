// Layouts of Logback, Log4j 1 and 2, and of everything that writes like them: level, thread and logger in any order.
import type { TextFormat } from '../format.ts'
import { DOTTED, LEVEL, REST } from '../words.ts'

/** A diagnostic context, a line of code, or nothing. */
const CONTEXT = String.raw`(?:(?:\[(?:\(null\)|[^\]]{0,120})\]|\{[^}]{0,300}\}|\([\w$]{1,80}\.\w{1,10}:\d{1,6}\)|(?<caller>[\w$.]{1,100}:\d{1,6})) ?){0,2}`

export const JAVA_LAYOUTS: readonly TextFormat[] = [
  {
    kind: 'text',
    name: 'java-level-thread-logger',
    title: 'Logback, Log4j, Hadoop, ZooKeeper, Tomcat: LEVEL [thread] logger - message',
    after: 'time',
    first: 'A-Z[-',
    has: '[',
    pattern: new RegExp(
      String.raw`^(?:- )?(?:${LEVEL}|\[${LEVEL} {0,2}\]) {1,4}\[(?<thread>[^\]]{1,120}(?:\[[^\]]{0,80}\][^\]]{0,40})?)\] (?:- (?<message>.*)$|(?<logger>[\w$.\/-]{1,150}(?:@\d{1,6})?)${CONTEXT}(?:\(\d{1,6}\))? ?(?:: | --? )(?<message>.*)$|${DOTTED} (?<message>.*)$)`,
      's',
    ),
    isGeneral: true,
    examples: [
      {
        text: '2026-11-29 10:00:01,123 INFO [main] org.apache.hadoop.mapreduce.v2.app.MRAppMaster: Created MRAppMaster',
        level: 'info',
        time: '2026-11-29T10:00:01.123Z',
        message: 'Created MRAppMaster',
        attributes: { thread: 'main', logger: 'org.apache.hadoop.mapreduce.v2.app.MRAppMaster' },
      },
      {
        text: '2026-11-29 10:00:01,123 - WARN  [RecvWorker:188978561024:QuorumCnxManager$RecvWorker@762] - Connection broken for id 188978561024',
        level: 'warn',
        time: '2026-11-29T10:00:01.123Z',
        message: 'Connection broken for id 188978561024',
        attributes: { thread: 'RecvWorker:188978561024:QuorumCnxManager$RecvWorker@762' },
      },
      {
        text: '2026-11-29 10:00:01,123 - INFO  [/10.10.34.11:3888:QuorumCnxManager$Listener@493] - Received connection request',
        level: 'info',
        time: '2026-11-29T10:00:01.123Z',
        message: 'Received connection request',
      },
      {
        text: '29-Nov-2026 10:00:01.123 SEVERE [main] org.apache.catalina.core.StandardContext.startInternal One or more listeners failed to start',
        level: 'error',
        time: '2026-11-29T10:00:01.123Z',
        message: 'One or more listeners failed to start',
        attributes: { thread: 'main', logger: 'org.apache.catalina.core.StandardContext.startInternal' },
      },
      {
        text: '29-Nov-2026 10:00:01.123 INFO [main] org.apache.catalina.startup.Catalina.start Server startup in [1234] milliseconds',
        level: 'info',
        time: '2026-11-29T10:00:01.123Z',
        message: 'Server startup in [1234] milliseconds',
      },
      {
        text: '2026-11-29 10:00:01,123 ERROR [pool-2-thread-1] com.shop.Cart: declined',
        level: 'error',
        time: '2026-11-29T10:00:01.123Z',
        message: 'declined',
      },
      {
        text: '2026-11-29 10:00:01.123 [ERROR] [main] com.shop.Cart - declined',
        level: 'error',
        time: '2026-11-29T10:00:01.123Z',
        message: 'declined',
        attributes: { thread: 'main' },
      },
    ],
  },
  {
    kind: 'text',
    name: 'jboss',
    title: 'WildFly, JBoss and Quarkus: LEVEL [logger] (thread) message',
    after: 'time',
    first: 'A-Z',
    has: '] (',
    pattern: new RegExp(
      String.raw`^${LEVEL} {1,4}\[(?<logger>[\w$.\/ -]{1,150})\](?: \[[^\]]{0,80}\])?(?: \{[^}]{0,200}\})? \((?<thread>[^)]{1,120}(?:\([^)]{0,40}\)[^)]{0,40})?)\) ${REST}`,
      's',
    ),
    examples: [
      {
        text: '2026-11-29 10:00:01,123 ERROR [com.shop.Cart] (executor-thread-1) HTTP Request to /pay failed',
        level: 'error',
        time: '2026-11-29T10:00:01.123Z',
        message: 'HTTP Request to /pay failed',
        attributes: { logger: 'com.shop.Cart', thread: 'executor-thread-1' },
      },
      {
        text: '10:00:01,123 INFO  [org.jboss.as] (Controller Boot Thread) WFLYSRV0025: WildFly started in 5123ms',
        level: 'info',
        time: '2026-11-29T10:00:01.123Z',
        message: 'WFLYSRV0025: WildFly started in 5123ms',
      },
      {
        text: '2026-11-29 10:00:01,123 WARN  [org.keycloak.events] (executor-thread-9) type="LOGIN_ERROR", realmId="shop"',
        level: 'warn',
        time: '2026-11-29T10:00:01.123Z',
        message: 'type="LOGIN_ERROR", realmId="shop"',
      },
    ],
  },
  {
    kind: 'text',
    name: 'level-logger',
    title: 'LEVEL package.logger: message, of Spark, tracing, Python and many others',
    after: 'time',
    first: 'A-Z[',
    has: ' ',
    pattern: new RegExp(
      String.raw`^(?:${LEVEL}:?|\[${LEVEL} {0,2}\]) {1,4}(?:\((?<thread>[^)]{1,80})\) )?(?:(?<pid>\d{1,8}) )?(?:--- )?(?<logger>[A-Za-z_][\w$-]{0,60}(?:(?:\.|::|\/)[\w$<>-]{1,60}){1,12}(?:\(\d{1,6}\)|:\d{1,6})?|[\w$-]{1,80}(?= --? ))(?::| {1,40}[:-]| --| \[[\w$.]{1,80}(?::\d{1,6})?\] -) ${REST}`,
      's',
    ),
    isGeneral: true,
    examples: [
      {
        text: '26/11/29 10:00:01 INFO executor.Executor: Finished task 1.0 in stage 0.0',
        level: 'info',
        time: '2026-11-29T10:00:01Z',
        message: 'Finished task 1.0 in stage 0.0',
        attributes: { logger: 'executor.Executor' },
      },
      {
        text: '2026-11-29 10:00:01 ERROR com.shop.Cart:42 - declined',
        level: 'error',
        time: '2026-11-29T10:00:01Z',
        message: 'declined',
        attributes: { logger: 'com.shop.Cart:42' },
      },
      {
        text: '2026-11-29 10:00:01,123 ERROR Cart - declined',
        level: 'error',
        time: '2026-11-29T10:00:01.123Z',
        message: 'declined',
        attributes: { logger: 'Cart' },
      },
      {
        text: '[2026-11-29 10:00:01,123] ERROR kafka.server.ReplicaManager: error while writing',
        level: 'error',
        time: '2026-11-29T10:00:01.123Z',
        message: 'error while writing',
      },
      {
        text: '2026-11-29T10:00:01.123456Z ERROR shop::cart: declined order=7',
        level: 'error',
        time: '2026-11-29T10:00:01.123Z',
        message: 'declined order=7',
        attributes: { logger: 'shop::cart' },
      },
      {
        text: '2026-11-29T10:00:01.123456Z  WARN hyper::proto::h1: connection reset',
        level: 'warn',
        time: '2026-11-29T10:00:01.123Z',
        message: 'connection reset',
      },
      {
        text: '2026-11-29 10:00:01,123 ERROR shop.cart: declined',
        level: 'error',
        time: '2026-11-29T10:00:01.123Z',
        message: 'declined',
        attributes: { logger: 'shop.cart' },
      },
    ],
  },
]
