import de.bwaldvogel.mongo.MongoServer;
import de.bwaldvogel.mongo.MongoVersion;
import de.bwaldvogel.mongo.backend.h2.H2Backend;
import de.bwaldvogel.mongo.bson.Document;
import de.bwaldvogel.mongo.wire.message.MongoMessage;
import io.netty.channel.Channel;
import java.util.List;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.Supplier;
import org.h2.mvstore.MVStore;

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

    /**
     * Commits before it answers, and never in the middle of another command: a document and its
     * entry in an index are two maps, of which a kill would leave one.
     */
    static class DurableBackend extends H2Backend {
        private final ReentrantReadWriteLock commands = new ReentrantReadWriteLock(true);

        DurableBackend(String file) {
            // By itself it would commit every second, and whenever much is waiting.
            super(new MVStore.Builder().fileName(file).autoCommitDisabled().open());
        }

        @Override
        public Document handleMessage(MongoMessage message) {
            return committed(() -> super.handleMessage(message));
        }

        @Override
        public Document handleCommand(Channel channel, String database, String name, Document body) {
            return committed(() -> super.handleCommand(channel, database, name, body));
        }

        private Document committed(Supplier<Document> command) {
            if (commands.getReadHoldCount() > 0) {
                return command.get();  // Part of a message, which commits.
            }
            Document answer = locked(commands.readLock(), command);
            return locked(commands.writeLock(), () -> {
                if (getMvStore().hasUnsavedChanges()) {
                    commit();
                }
                return answer;
            });
        }

        private static Document locked(Lock lock, Supplier<Document> work) {
            lock.lock();
            try {
                return work.get();
            } finally {
                lock.unlock();
            }
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
