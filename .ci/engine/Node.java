import static org.codelibs.opensearch.runner.OpenSearchRunner.newConfigs;
import org.codelibs.opensearch.runner.OpenSearchRunner;

/** One OpenSearch node in this process: Node <number from 1> <nodes in all> <base port> <data folder> */
public class Node {
  public static void main(String[] args) throws Exception {
    int number = Integer.parseInt(args[0]), nodes = Integer.parseInt(args[1]), base = Integer.parseInt(args[2]);
    String[] names = new String[nodes], hosts = new String[nodes];
    for (int n = 1; n <= nodes; n++) {
      names[n - 1] = "n" + n;
      hosts[n - 1] = "127.0.0.1:" + (base + 100 + n);
    }
    new OpenSearchRunner().onBuild((n, settings) -> {
      settings.put("node.name", "n" + number);
      settings.put("http.port", base + number);
      settings.put("transport.port", base + 100 + number);
      settings.put("network.host", "127.0.0.1");
      settings.putList("discovery.seed_hosts", hosts);
      settings.putList("cluster.initial_cluster_manager_nodes", names);
    }).build(newConfigs().clusterName("vakt").numOfNode(1).basePath(args[3] + "/" + number).baseHttpPort(base)
        .disableESLogger());
    System.out.println("UP");
    Thread.sleep(Long.MAX_VALUE);
  }
}
