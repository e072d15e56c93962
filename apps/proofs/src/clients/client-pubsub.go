// An ordinary day with cloud.google.com/go/pubsub/v2. Prints one line per step: right, refused or wrong.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"time"

	"cloud.google.com/go/iam/apiv1/iampb"
	"cloud.google.com/go/pubsub/v2"
	"cloud.google.com/go/pubsub/v2/apiv1/pubsubpb"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/fieldmaskpb"
)

const wait = 20 * time.Second

var (
	ctx     = context.Background()
	project = os.Getenv("GOOGLE_CLOUD_PROJECT")
	agent   = fmt.Sprintf("serviceAccount:service-%s@gcp-sa-pubsub.iam.gserviceaccount.com", os.Getenv("PROJECT_NUMBER"))
	client  *pubsub.Client
)

func name(collection, id string) string {
	return fmt.Sprintf("projects/%s/%s/go-%s", project, collection, id)
}

// A step that Pub/Sub must refuse returns the refusal as its text.
func step(title string, run func() (string, error)) {
	refusal, err := run()
	switch {
	case err != nil:
		fmt.Printf("wrong: %s: %s\n", title, strings.ReplaceAll(err.Error(), "\n", " "))
	case refusal != "":
		fmt.Printf("refused: %s: %s\n", title, refusal)
	default:
		fmt.Printf("right: %s\n", title)
	}
}

func expect(actual, expected any) error {
	if a, e := fmt.Sprint(actual), fmt.Sprint(expected); a != e {
		return fmt.Errorf("%.200s instead of %.200s", a, e)
	}
	return nil
}

func publish(topic string, messages ...*pubsub.Message) error {
	publisher := client.Publisher(topic)
	publisher.EnableMessageOrdering = true
	defer publisher.Stop()
	var results []*pubsub.PublishResult
	for _, message := range messages {
		results = append(results, publisher.Publish(ctx, message))
	}
	for _, result := range results {
		if _, err := result.Get(ctx); err != nil {
			return err
		}
	}
	return nil
}

func subscribe(subscription *pubsubpb.Subscription) error {
	_, err := client.SubscriptionAdminClient.CreateSubscription(ctx, subscription)
	return err
}

// Receives until it has a number of messages, and returns them in the order of their arrival.
func receive(subscription string, count int, answer func(context.Context, *pubsub.Message)) ([]*pubsub.Message, error) {
	limited, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	var mutex sync.Mutex
	var received []*pubsub.Message
	err := client.Subscriber(subscription).Receive(limited, func(ctx context.Context, message *pubsub.Message) {
		answer(ctx, message)
		mutex.Lock()
		defer mutex.Unlock()
		received = append(received, message)
		if len(received) >= count {
			cancel()
		}
	})
	return received, err
}

func ack(_ context.Context, message *pubsub.Message) { message.Ack() }

func textsOf(messages []*pubsub.Message) (texts []string) {
	for _, message := range messages {
		texts = append(texts, string(message.Data))
	}
	return texts
}

func setPolicy(resource, role, member string) error {
	conn := client.TopicAdminClient
	policy, err := conn.GetIamPolicy(ctx, &iampb.GetIamPolicyRequest{Resource: resource})
	if err != nil {
		return err
	}
	policy.Bindings = append(policy.Bindings, &iampb.Binding{Role: role, Members: []string{member}})
	_, err = conn.SetIamPolicy(ctx, &iampb.SetIamPolicyRequest{Resource: resource, Policy: policy})
	return err
}

func main() {
	var err error
	client, err = pubsub.NewClient(ctx, project)
	if err != nil {
		panic(err)
	}
	defer client.Close()
	topics, subscriptions := client.TopicAdminClient, client.SubscriptionAdminClient
	topic, reader := name("topics", "orders"), name("subscriptions", "orders")

	step("creates a topic and an ordered subscription", func() (string, error) {
		if _, err := topics.CreateTopic(ctx, &pubsubpb.Topic{Name: topic}); err != nil {
			return "", err
		}
		return "", subscribe(&pubsubpb.Subscription{Name: reader, Topic: topic, EnableMessageOrdering: true})
	})
	step("receives 3,000 messages in the order of their keys, each once", func() (string, error) {
		var messages []*pubsub.Message
		for n := range 3000 {
			messages = append(messages, &pubsub.Message{Data: fmt.Appendf(nil, "%d", n), OrderingKey: fmt.Sprintf("k%d", n%3)})
		}
		if err := publish(topic, messages...); err != nil {
			return "", err
		}
		received, err := receive(reader, 3000, ack)
		if err != nil {
			return "", err
		}
		next := map[string]int{"k0": 0, "k1": 1, "k2": 2}
		for _, message := range received {
			if err := expect(string(message.Data), next[message.OrderingKey]); err != nil {
				return "", err
			}
			next[message.OrderingKey] += 3
		}
		return "", expect(len(received), 3000)
	})
	step("returns to a snapshot", func() (string, error) {
		snapshot := name("snapshots", "orders")
		if _, err := subscriptions.CreateSnapshot(ctx, &pubsubpb.CreateSnapshotRequest{Name: snapshot, Subscription: reader}); err != nil {
			return "", err
		}
		if err := publish(topic, &pubsub.Message{Data: []byte("again")}); err != nil {
			return "", err
		}
		if _, err := receive(reader, 1, ack); err != nil {
			return "", err
		}
		request := &pubsubpb.SeekRequest{Subscription: reader, Target: &pubsubpb.SeekRequest_Snapshot{Snapshot: snapshot}}
		if _, err := subscriptions.Seek(ctx, request); err != nil {
			return "", err
		}
		received, err := receive(reader, 1, ack)
		return "", errors.Join(err, expect(textsOf(received), "[again]"))
	})
	step("acknowledges exactly once, and hears of it", func() (string, error) {
		once := name("subscriptions", "once")
		if err := subscribe(&pubsubpb.Subscription{Name: once, Topic: topic, EnableExactlyOnceDelivery: true}); err != nil {
			return "", err
		}
		if err := publish(topic, &pubsub.Message{Data: []byte("once")}); err != nil {
			return "", err
		}
		var answer error
		_, err := receive(once, 1, func(ctx context.Context, message *pubsub.Message) {
			result, err := message.AckWithResult().Get(ctx)
			answer = errors.Join(err, expect(result, pubsub.AcknowledgeStatusSuccess))
		})
		return "", errors.Join(err, answer)
	})
	step("sets an IAM policy that was read before, and hears of a concurrent change", func() (string, error) {
		old, err := topics.GetIamPolicy(ctx, &iampb.GetIamPolicyRequest{Resource: topic})
		if err != nil {
			return "", err
		}
		if err := setPolicy(topic, "roles/pubsub.publisher", "user:ana@example.com"); err != nil {
			return "", err
		}
		_, err = topics.SetIamPolicy(ctx, &iampb.SetIamPolicyRequest{Resource: topic, Policy: old})
		return "", expect(status.Code(err), codes.Aborted)
	})
	step("forwards to a dead-letter topic that it made and granted itself", func() (string, error) {
		dead, grave, work := name("topics", "dead"), name("subscriptions", "dead"), name("subscriptions", "work")
		if _, err := topics.CreateTopic(ctx, &pubsubpb.Topic{Name: dead}); err != nil {
			return "", err
		}
		policy := &pubsubpb.DeadLetterPolicy{DeadLetterTopic: dead, MaxDeliveryAttempts: 5}
		if err := errors.Join(
			subscribe(&pubsubpb.Subscription{Name: grave, Topic: dead}),
			subscribe(&pubsubpb.Subscription{Name: work, Topic: topic, DeadLetterPolicy: policy}),
			setPolicy(dead, "roles/pubsub.publisher", agent),
			setPolicy(work, "roles/pubsub.subscriber", agent),
			publish(topic, &pubsub.Message{Data: []byte("poison")}),
		); err != nil {
			return "", err
		}
		if _, err := receive(work, 5, func(_ context.Context, message *pubsub.Message) { message.Nack() }); err != nil {
			return "", err
		}
		received, err := receive(grave, 1, ack)
		return "", errors.Join(err, expect(textsOf(received), "[poison]"))
	})
	step("updates a filtered subscription", func() (string, error) {
		filtered := name("subscriptions", "filtered")
		if err := subscribe(&pubsubpb.Subscription{Name: filtered, Topic: topic, Filter: `attributes.kind = "good"`}); err != nil {
			return "", err
		}
		updated, err := subscriptions.UpdateSubscription(ctx, &pubsubpb.UpdateSubscriptionRequest{
			Subscription: &pubsubpb.Subscription{Name: filtered, AckDeadlineSeconds: 42},
			UpdateMask:   &fieldmaskpb.FieldMask{Paths: []string{"ack_deadline_seconds"}},
		})
		if err != nil {
			return "", err
		}
		return "", expect(updated.AckDeadlineSeconds, 42)
	})
	step("a message transform", func() (string, error) {
		transforms := []*pubsubpb.MessageTransform{{Transform: &pubsubpb.MessageTransform_JavascriptUdf{
			JavascriptUdf: &pubsubpb.JavaScriptUDF{FunctionName: "f", Code: "function f(m) { return m; }"},
		}}}
		_, err := topics.CreateTopic(ctx, &pubsubpb.Topic{Name: name("topics", "transformed"), MessageTransforms: transforms})
		return status.Convert(err).Message(), expect(status.Code(err), codes.Unimplemented)
	})
	step("deletes what it made", func() (string, error) {
		for _, id := range []string{"orders", "once", "dead", "work", "filtered"} {
			if err := subscriptions.DeleteSubscription(ctx, &pubsubpb.DeleteSubscriptionRequest{Subscription: name("subscriptions", id)}); err != nil {
				return "", err
			}
		}
		return "", errors.Join(
			subscriptions.DeleteSnapshot(ctx, &pubsubpb.DeleteSnapshotRequest{Snapshot: name("snapshots", "orders")}),
			topics.DeleteTopic(ctx, &pubsubpb.DeleteTopicRequest{Topic: topic}),
			topics.DeleteTopic(ctx, &pubsubpb.DeleteTopicRequest{Topic: name("topics", "dead")}),
		)
	})
}
