namespace Culvert.Broker;
