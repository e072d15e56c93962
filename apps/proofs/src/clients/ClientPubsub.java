import com.google.api.gax.core.NoCredentialsProvider;
import com.google.api.gax.grpc.GrpcTransportChannel;
import com.google.api.gax.rpc.AbortedException;
import com.google.api.gax.rpc.FixedTransportChannelProvider;
import com.google.api.gax.rpc.TransportChannelProvider;
import com.google.api.gax.rpc.UnimplementedException;
import com.google.cloud.pubsub.v1.AckResponse;
import com.google.cloud.pubsub.v1.MessageReceiver;
import com.google.cloud.pubsub.v1.MessageReceiverWithAckResponse;
import com.google.cloud.pubsub.v1.Publisher;
import com.google.cloud.pubsub.v1.Subscriber;
import com.google.cloud.pubsub.v1.SubscriptionAdminClient;
import com.google.cloud.pubsub.v1.SubscriptionAdminSettings;
import com.google.cloud.pubsub.v1.TopicAdminClient;
import com.google.cloud.pubsub.v1.TopicAdminSettings;
import com.google.iam.v1.Binding;
import com.google.iam.v1.GetIamPolicyRequest;
import com.google.iam.v1.Policy;
import com.google.iam.v1.SetIamPolicyRequest;
import com.google.protobuf.ByteString;
import com.google.pubsub.v1.CloudStorageConfig;
import com.google.pubsub.v1.DeadLetterPolicy;
import com.google.pubsub.v1.SubscriptionName;
import com.google.pubsub.v1.PubsubMessage;
import com.google.pubsub.v1.SeekRequest;
import com.google.pubsub.v1.Subscription;
import com.google.pubsub.v1.TopicName;
import io.grpc.ManagedChannelBuilder;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;

/** An ordinary day with google-cloud-pubsub for Java. Prints one line per step: right, refused or wrong. */
public class ClientPubsub {
  static final int SECONDS = 20;
  static final String PROJECT = System.getenv("GOOGLE_CLOUD_PROJECT");
  static final TransportChannelProvider CHANNEL =
      FixedTransportChannelProvider.create(
          GrpcTransportChannel.create(
              ManagedChannelBuilder.forTarget(System.getenv("PUBSUB_EMULATOR_HOST")).usePlaintext().build()));
  static final NoCredentialsProvider NOBODY = NoCredentialsProvider.create();

  static String name(String collection, String id) {
    return "projects/" + PROJECT + "/" + collection + "/java-" + id;
  }

  /** A step that Pub/Sub must refuse returns the refusal. */
  static void step(String title, Callable<String> run) {
    try {
      String refusal = run.call();
      System.out.println(refusal.isEmpty() ? "right: " + title : "refused: " + title + ": " + refusal);
    } catch (Throwable error) {
      System.out.println("wrong: " + title + ": " + String.valueOf(error).replace('\n', ' '));
    }
  }

  static String expect(Object actual, Object expected) {
    if (actual.equals(expected)) return "";
    throw new AssertionError(actual + " instead of " + expected);
  }

  static void publish(String topic, List<PubsubMessage> messages) throws Exception {
    Publisher publisher =
        Publisher.newBuilder(topic)
            .setEnableMessageOrdering(true)
            .setChannelProvider(CHANNEL)
            .setCredentialsProvider(NOBODY)
            .build();
    try {
      List<Future<String>> ids = new ArrayList<>();
      for (PubsubMessage message : messages) ids.add(publisher.publish(message));
      for (Future<String> id : ids) id.get(SECONDS, TimeUnit.SECONDS);
    } finally {
      publisher.shutdown();
    }
  }

  static PubsubMessage message(String text, String key) {
    return PubsubMessage.newBuilder().setData(ByteString.copyFromUtf8(text)).setOrderingKey(key).build();
  }


  /** Receives a number of messages, in the order of their arrival. */
  static List<PubsubMessage> receive(String subscription, int count, boolean ack) throws Exception {
    List<PubsubMessage> received = new ArrayList<>();
    CountDownLatch done = new CountDownLatch(count);
    MessageReceiver receiver =
        (message, consumer) -> {
          synchronized (received) {
            received.add(message);
          }
          if (ack) consumer.ack();
          else consumer.nack();
          done.countDown();
        };
    stop(Subscriber.newBuilder(subscription, receiver), done);
    return received;
  }

  static void stop(Subscriber.Builder builder, CountDownLatch done) throws Exception {
    Subscriber subscriber = builder.setChannelProvider(CHANNEL).setCredentialsProvider(NOBODY).build();
    subscriber.startAsync().awaitRunning();
    done.await(SECONDS, TimeUnit.SECONDS);
    subscriber.stopAsync().awaitTerminated(SECONDS, TimeUnit.SECONDS);
  }

  static Policy policyOf(TopicAdminClient topics, String resource, String role, String member) {
    Policy policy = topics.getIamPolicy(GetIamPolicyRequest.newBuilder().setResource(resource).build());
    Binding binding = Binding.newBuilder().setRole(role).addMembers(member).build();
    return policy.toBuilder().addBindings(binding).build();
  }

  static Policy setPolicy(TopicAdminClient topics, String resource, Policy policy) {
    return topics.setIamPolicy(SetIamPolicyRequest.newBuilder().setResource(resource).setPolicy(policy).build());
  }

  public static void main(String[] arguments) throws Exception {
    TopicAdminClient topics =
        TopicAdminClient.create(
            TopicAdminSettings.newBuilder()
                .setTransportChannelProvider(CHANNEL)
                .setCredentialsProvider(NOBODY)
                .build());
    SubscriptionAdminClient subscriptions =
        SubscriptionAdminClient.create(
            SubscriptionAdminSettings.newBuilder()
                .setTransportChannelProvider(CHANNEL)
                .setCredentialsProvider(NOBODY)
                .build());
    String topic = name("topics", "orders");
    String reader = name("subscriptions", "orders");
    step(
        "creates a topic and an ordered subscription",
        () -> {
          topics.createTopic(topic);
          subscriptions.createSubscription(
              Subscription.newBuilder().setName(reader).setTopic(topic).setEnableMessageOrdering(true).build());
          return "";
        });
    step(
        "receives 3,000 messages in the order of their keys, each once",
        () -> {
          List<PubsubMessage> messages = new ArrayList<>();
          for (int n = 0; n < 3000; n++) messages.add(message(String.valueOf(n), "k" + n % 3));
          publish(topic, messages);
          List<PubsubMessage> received = receive(reader, 3000, true);
          Map<String, Integer> next = new HashMap<>(Map.of("k0", 0, "k1", 1, "k2", 2));
          for (PubsubMessage one : received) {
            expect(Integer.valueOf(one.getData().toStringUtf8()), next.get(one.getOrderingKey()));
            next.merge(one.getOrderingKey(), 3, Integer::sum);
          }
          return expect(received.size(), 3000);
        });
    step(
        "returns to a snapshot",
        () -> {
          String snapshot = name("snapshots", "orders");
          subscriptions.createSnapshot(snapshot, reader);
          publish(topic, List.of(message("again", "")));
          receive(reader, 1, true);
          subscriptions.seek(SeekRequest.newBuilder().setSubscription(reader).setSnapshot(snapshot).build());
          subscriptions.deleteSnapshot(snapshot);
          return expect(receive(reader, 1, true).get(0).getData().toStringUtf8(), "again");
        });
    step(
        "acknowledges exactly once, and hears of it",
        () -> {
          String once = name("subscriptions", "once");
          subscriptions.createSubscription(
              Subscription.newBuilder().setName(once).setTopic(topic).setEnableExactlyOnceDelivery(true).build());
          publish(topic, List.of(message("once", "")));
          CountDownLatch done = new CountDownLatch(1);
          List<Future<AckResponse>> answers = new ArrayList<>();
          MessageReceiverWithAckResponse receiver =
              (message, consumer) -> {
                answers.add(consumer.ack());
                done.countDown();
              };
          stop(Subscriber.newBuilder(once, receiver), done);
          return expect(answers.get(0).get(SECONDS, TimeUnit.SECONDS), AckResponse.SUCCESSFUL);
        });
    step(
        "sets an IAM policy that was read before, and hears of a concurrent change",
        () -> {
          Policy policy = policyOf(topics, topic, "roles/pubsub.publisher", "user:ana@example.com");
          setPolicy(topics, topic, policy);
          try {
            setPolicy(topics, topic, policy);
          } catch (AbortedException expected) {
            return "";
          }
          throw new AssertionError("overwritten");
        });
    step(
        "forwards to a dead-letter topic that it made and granted itself",
        () -> {
          String dead = name("topics", "dead");
          String grave = name("subscriptions", "dead");
          String work = name("subscriptions", "work");
          topics.createTopic(dead);
          subscriptions.createSubscription(Subscription.newBuilder().setName(grave).setTopic(dead).build());
          DeadLetterPolicy policy =
              DeadLetterPolicy.newBuilder().setDeadLetterTopic(dead).setMaxDeliveryAttempts(5).build();
          subscriptions.createSubscription(
              Subscription.newBuilder().setName(work).setTopic(topic).setDeadLetterPolicy(policy).build());
          String agent =
              "serviceAccount:service-"
                  + System.getenv("PROJECT_NUMBER")
                  + "@gcp-sa-pubsub.iam.gserviceaccount.com";
          setPolicy(topics, dead, policyOf(topics, dead, "roles/pubsub.publisher", agent));
          setPolicy(topics, work, policyOf(topics, work, "roles/pubsub.subscriber", agent));
          publish(topic, List.of(message("poison", "")));
          receive(work, 5, false);
          return expect(receive(grave, 1, true).get(0).getData().toStringUtf8(), "poison");
        });
    step(
        "a Cloud Storage subscription",
        () -> {
          CloudStorageConfig bucket = CloudStorageConfig.newBuilder().setBucket("b").build();
          try {
            subscriptions.createSubscription(
                Subscription.newBuilder()
                    .setName(name("subscriptions", "bucket"))
                    .setTopic(topic)
                    .setCloudStorageConfig(bucket)
                    .build());
          } catch (UnimplementedException refused) {
            return refused.getMessage();
          }
          throw new AssertionError("accepted");
        });
    step(
        "deletes what it made",
        () -> {
          for (String id : List.of("orders", "once", "dead", "work"))
            subscriptions.deleteSubscription(SubscriptionName.of(PROJECT, "java-" + id));
          for (String id : List.of("orders", "dead")) topics.deleteTopic(TopicName.of(PROJECT, "java-" + id));
          return "";
        });
    System.exit(0);
  }
}
