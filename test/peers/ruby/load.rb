# Calls a method of several instances in turn until SIGTERM: load.rb METHOD HOST:PORT... Prints {"msg":"called"} once
# every instance has answered, and at the end {"msg":"outcomes"} with how often each answer and each error came.
require 'grpc'
require 'json'

method, *instances = ARGV
raw = ->(bytes) { bytes }
stub = GRPC::ClientStub.new("ipv4:#{instances.join(',')}", :this_channel_is_insecure,
                            channel_args: { 'grpc.lb_policy_name' => 'round_robin' })
outcomes = Hash.new(0)
mutex = Mutex.new
stopped = false
trap('TERM') { stopped = true }

workers = Array.new(8) do
  Thread.new do
    until stopped
      outcome = begin
        stub.request_response(method, '', raw, raw)
      rescue GRPC::BadStatus => e
        "#{e.code}: #{e.details}"
      end
      mutex.synchronize do
        outcomes[outcome] += 1
        if outcomes[outcome] == 1 && outcomes.size == instances.size
          puts({ msg: 'called', outcomes: outcomes }.to_json)
          $stdout.flush
        end
      end
    end
  end
end
workers.each(&:join)
puts({ msg: 'outcomes', outcomes: outcomes }.to_json)
