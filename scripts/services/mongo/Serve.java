import de.bwaldvogel.mongo.MongoServer;
import de.bwaldvogel.mongo.MongoVersion;
import de.bwaldvogel.mongo.backend.h2.H2Backend;
import de.bwaldvogel.mongo.bson.Document;
import de.bwaldvogel.mongo.wire.message.MongoMessage;
import io.netty.channel.Channel;
import java.util.List;

/** Serves MongoDB's protocol on an address, a port and a file. */
public class Serve {
    /** What clients look at before they use a feature. */
    static class Version implements MongoVersion {
        @Override
        public List<Integer> getVersionArray() {
            return List.of(5, 0, 0);
        }

        @Override
        public int getWireVersion() {
            return 13;
        }
    }

    /** Commits before it answers; by itself the file would follow a second later. */
    static class DurableBackend extends H2Backend {
        DurableBackend(String file) {
            super(file);
        }

        @Override
        public Document handleMessage(MongoMessage message) {
            return committed(super.handleMessage(message));
        }

        @Override
        public Document handleCommand(Channel channel, String database, String name, Document body) {
            return committed(super.handleCommand(channel, database, name, body));
        }

        private Document committed(Document answer) {
            if (getMvStore().hasUnsavedChanges()) {
                commit();
            }
            return answer;
        }
    }

    public static void main(String[] arguments) throws Exception {
        MongoServer server = new MongoServer(new DurableBackend(arguments[2]).version(new Version()));
        server.bind(arguments[0], Integer.parseInt(arguments[1]));
        Runtime.getRuntime().addShutdownHook(new Thread(server::shutdown));
        System.out.println("serving");
        Thread.currentThread().join();
    }
}
