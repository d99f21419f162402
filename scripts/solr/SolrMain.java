import org.apache.solr.embedded.JettyConfig;
import org.apache.solr.embedded.JettySolrRunner;

/** Starts the real Solr on loopback: java SolrMain.java HOME PORT. */
public class SolrMain {
  public static void main(String[] args) throws Exception {
    JettyConfig config =
        JettyConfig.builder().setContext("/solr").setPort(Integer.parseInt(args[1])).build();
    new JettySolrRunner(args[0], config).start();
  }
}
