namespace Culvert.Demo;
