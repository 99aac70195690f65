namespace Culvert.Ftp;
